import { equal } from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { Foreground } from '../../../src/core/handoff/foreground.ts'
import type { Instant } from '../../../src/core/ids.ts'

const at = (ms: number) => ms as Instant

t.test('requests of the last whole second, or of this one where they are more', async t => {
  const foreground = new Foreground()
  for (let i = 0; i < 5; i++) foreground.count(at(1000 + i))
  t.equal(foreground.perSecond(at(1900)), 5, 'this second is not over')
  t.equal(foreground.perSecond(at(2000)), 5)
  foreground.count(at(2500))
  t.equal(foreground.perSecond(at(2999)), 5)
  t.equal(foreground.perSecond(at(3000)), 1)
  t.equal(foreground.perSecond(at(4000)), 0)
})

t.test('a second in which nobody asked is none', async t => {
  const foreground = new Foreground()
  foreground.count(at(1000))
  t.equal(foreground.perSecond(at(3000)), 0)
})

t.test('it is the count of the times, whenever it is asked', async () => {
  fc.assert(
    fc.property(fc.array(fc.nat(400), { maxLength: 60, size: 'max' }), steps => {
      const foreground = new Foreground()
      const times: number[] = []
      let now = 0
      for (const step of steps) {
        now += step
        foreground.count(at(now))
        times.push(now)
        const second = Math.floor(now / 1000)
        const inSecond = (one: number) => times.filter(time => Math.floor(time / 1000) === one)
        const expected = Math.max(inSecond(second).length, inSecond(second - 1).length)
        equal(foreground.perSecond(at(now)), expected)
      }
    }),
  )
})
