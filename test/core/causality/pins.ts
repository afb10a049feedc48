import { deepEqual, equal, ok } from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import {
  isPinned,
  mergePins,
  type Pins,
  pinsMax,
  withoutPins,
} from '../../../src/core/causality/pins.ts'
import { opOf } from '../../helpers/arbitrary-siblings.ts'

const lists: fc.Arbitrary<Pins> = fc
  .uniqueArray(fc.nat(40), { maxLength: 20 })
  .map(numbers => numbers.sort((a, b) => b - a).map(opOf))

t.test('merging is commutative, associative and idempotent, and cuts nothing', async () => {
  fc.assert(
    fc.property(lists, lists, lists, (a, b, c) => {
      const ab = mergePins(a, b)
      deepEqual(ab, mergePins(b, a))
      deepEqual(mergePins(ab, c), mergePins(a, mergePins(b, c)))
      equal(mergePins(ab, b), ab)
      deepEqual(new Set(ab), new Set([...a, ...b]))
      ok(ab.every((op, i) => i === 0 || (ab[i - 1] as string) > op))
    }),
  )
})

t.test('what adds nothing leaves the same list', async t => {
  const pins = [3, 2, 1].map(opOf)
  t.equal(mergePins(pins, [opOf(2)]), pins)
  t.equal(mergePins(pins, []), pins)
  t.equal(mergePins([], pins), pins)
})

t.test('merges pass the number that a coordinator pins', async t => {
  const even = Array.from({ length: pinsMax }, (_, i) => opOf(2 * (pinsMax - i)))
  const odd = Array.from({ length: pinsMax }, (_, i) => opOf(2 * (pinsMax - i) + 1))
  t.equal(mergePins(even, odd).length, 2 * pinsMax)
})

t.test('an id is found, or not', async () => {
  fc.assert(
    fc.property(lists, fc.nat(40), (pins, n) => isPinned(pins, opOf(n)) === pins.includes(opOf(n))),
  )
})

t.test('ids are taken out', async t => {
  const pins = [3, 2, 1].map(opOf)
  t.same(
    withoutPins(pins, op => op === opOf(2)),
    [3, 1].map(opOf),
  )
  t.equal(
    withoutPins(pins, () => false),
    pins,
  )
})
