import { ok } from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { Pace } from '../../../src/core/handoff/pace.ts'
import type { Instant } from '../../../src/core/ids.ts'

const at = (ms: number) => ms as Instant
const busy = 500

t.test('as fast as it goes while the owner is idle, or an operator waits', async t => {
  for (const [foreground, hurried] of [
    [0, false],
    [busy, true],
  ] as const) {
    const pace = new Pace()
    for (let i = 0; i < 10; i++) pace.acknowledged(at(100), 50, foreground, hurried)
    t.equal(pace.size, 512)
    t.equal(pace.nextAt, 100, 'no pause')
  }
})

t.test('a busy owner has pauses four times as long as its batches take', async t => {
  const pace = new Pace()
  pace.acknowledged(at(100), 50, busy, false)
  t.equal(pace.nextAt, 300)
  pace.acknowledged(at(300), 1, busy, false)
  t.equal(pace.nextAt, 310, 'and never none')
  pace.acknowledged(at(400), 5000, busy, false)
  t.equal(pace.nextAt, 1400, 'and never long')
})

t.test('half as much where a batch takes longer than usual, a little more where not', async t => {
  const pace = new Pace()
  for (let i = 0; i < 10; i++) pace.acknowledged(at(0), 0, 0, false)
  pace.acknowledged(at(0), 1, busy, false)
  t.equal(pace.size, 24, 'at once, from as much as there was')
  pace.acknowledged(at(0), 10, busy, false)
  t.equal(pace.size, 12)
  pace.acknowledged(at(0), 1, busy, false)
  t.equal(pace.size, 16)
  for (let i = 0; i < 20; i++) pace.acknowledged(at(0), 10, busy, false)
  t.equal(pace.size, 4)
  for (let i = 0; i < 200; i++) pace.acknowledged(at(0), 10, busy, false)
  t.equal(pace.size, 24, 'what is always so is usual after a while')
})

t.test('after a failure one at a time, and later', async t => {
  const pace = new Pace()
  pace.failed(at(100))
  t.equal(pace.size, 1)
  t.equal(pace.nextAt, 600)
  pace.acknowledged(at(700), 10, 0, false)
  t.equal(pace.size, 2)
})

t.test('it always goes on: at least one copy, at most so many, a pause that ends', async () => {
  const event = fc.record({
    failed: fc.boolean(),
    tookMs: fc.nat(5000),
    foreground: fc.nat(2000),
    hurried: fc.boolean(),
  })
  fc.assert(
    fc.property(fc.array(event), events => {
      const pace = new Pace()
      let now = 0
      for (const { failed, tookMs, foreground, hurried } of events) {
        now = Math.max(now, pace.nextAt) + tookMs
        if (failed) pace.failed(at(now))
        else pace.acknowledged(at(now), tookMs, foreground, hurried)
        ok(Number.isInteger(pace.size) && pace.size >= 1 && pace.size <= 512)
        ok(pace.nextAt >= now && pace.nextAt <= now + Math.max(500, 4 * tookMs))
        if (!failed && !hurried && foreground >= 20) ok(pace.size <= 24 && pace.nextAt > now)
      }
    }),
  )
})
