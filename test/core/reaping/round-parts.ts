import fc from 'fast-check'
import t from 'tap'
import type { Partition } from '../../../src/core/ids.ts'
import {
  decodeLearnt,
  decodeProofs,
  decodeSteps,
  decodeTold,
  encodeLearnt,
  encodeProofs,
  encodeSteps,
  encodeTold,
  type ProvePart,
  partStates,
} from '../../../src/core/reaping/round-parts.ts'
import { binary, id, key } from '../../helpers/arbitraries.ts'

const partition = fc.nat(65_535).map(number => number as Partition)
const generation = fc.nat(2 ** 31 - 1)
const step = { partition, generation, round: fc.maxSafeNat() }
const candidate = fc.record({ token: id(8), key, digest: binary(0, 8) })
const pinned = fc.record({
  token: id(8),
  key,
  digest: binary(0, 8),
  ops: fc.array(id(12), { maxLength: 3 }),
})
const proof = fc.record({
  ...step,
  floor: generation,
  reaped: generation,
  sum: fc.oneof(binary(8, 8), fc.constant('')),
  keys: fc.array(candidate, { maxLength: 4 }),
  pins: fc.array(pinned, { maxLength: 3 }),
})

t.test('what is said comes back', async t => {
  fc.assert(
    fc.property(fc.array(fc.record(step)), parts => {
      t.same(decodeSteps(encodeSteps(parts)), parts)
    }),
  )
  fc.assert(
    fc.property(fc.array(proof, { maxLength: 4 }), parts => {
      t.same(decodeProofs(encodeProofs(parts as unknown as ProvePart[])), parts)
    }),
  )
  const missing = fc.array(fc.nat(10_000))
  const told = fc.record({ state: fc.constantFrom(...partStates), generation, missing })
  fc.assert(
    fc.property(fc.array(told), parts => {
      t.same(decodeTold(encodeTold(parts)), parts)
    }),
  )
  const learnt = fc.record({ partition, generation, floor: generation, reaped: generation })
  fc.assert(
    fc.property(fc.array(learnt), parts => {
      t.same(decodeLearnt(encodeLearnt(parts)), parts)
    }),
  )
})

t.test('noise is read to its end and no further', async t => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), bytes => {
      for (const decode of [decodeSteps, decodeProofs, decodeTold, decodeLearnt]) {
        t.ok(decode(bytes).length <= bytes.length)
      }
    }),
  )
})
