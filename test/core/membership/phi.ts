import fc from 'fast-check'
import t from 'tap'
import type { Instant } from '../../../src/core/ids.ts'
import { ArrivalWindow, phiOf } from '../../../src/core/membership/phi.ts'

const at = (ms: number) => ms as Instant

t.test('φ is -log10 of the normal tail, to a few hundredths at its points', async t => {
  for (const [z, tail] of [
    [0.001, 0.4996],
    [1, 0.158655],
    [2, 0.02275],
    [3, 0.00135],
    [4, 3.167e-5],
    [6, 9.866e-10],
  ] as const) {
    t.ok(Math.abs(phiOf(z) + Math.log10(tail)) < 0.01, `z = ${z}: ${phiOf(z)}`)
  }
  t.equal(phiOf(-3), 0)
})

t.test('φ grows with silence, and without end', async t => {
  const window = new ArrivalWindow(500)
  fc.assert(
    fc.property(fc.nat(100_000), fc.nat(100_000), (a, b) => {
      const [less, more] = [Math.min(a, b), Math.max(a, b)]
      t.ok(window.phi(at(less), at(0), 0) <= window.phi(at(more), at(0), 0))
    }),
  )
  t.ok(window.phi(at(100_000), at(0), 0) > 1000)
})

t.test('it accrues by what was seen: irregular arrivals are forgiven more', async t => {
  const regular = new ArrivalWindow(500)
  const irregular = new ArrivalWindow(500)
  for (let i = 0; i < 64; i++) {
    regular.add(500)
    irregular.add(i % 2 === 0 ? 100 : 1900)
  }
  t.ok(regular.phi(at(1600), at(0), 0) > 8)
  t.ok(irregular.phi(at(1600), at(0), 0) < 2)
  t.equal(regular.meanMs, 500)
})

t.test('the window is bounded, and one long silence does not blind it', async t => {
  const window = new ArrivalWindow(500)
  window.add(3_600_000)
  t.ok(window.meanMs < 1100)
  for (let i = 0; i < 64; i++) window.add(500)
  t.equal(window.meanMs, 500, 'and is forgotten')
})
