import fc from 'fast-check'
import t from 'tap'
import { type Finding, PairProof } from '../../../src/core/entropy/pair-proof.ts'
import type { Epoch } from '../../../src/core/ids.ts'
import { nodeHash } from '../../../src/node/hash.ts'

const epoch = 'epoch-01' as Epoch
const found = (stamp: number, more: Partial<Finding> = {}): Finding => {
  return { epoch, stamp, only: undefined, unequal: new Set(), moved: new Map(), ...more }
}

t.test('a comparison proves all that did not differ', async t => {
  const proof = new PairProof()
  t.equal(proof.equalAt(3), 0, 'never yet')
  proof.take(found(100))
  t.equal(proof.equalAt(3), 100)
  proof.take(found(200, { unequal: new Set([3]), moved: new Map([[3, 7]]) }))
  t.same([proof.equalAt(3), proof.equalAt(4)], [100, 200])
  proof.take(found(300, { unequal: new Set([3]) }))
  t.same([proof.equalAt(3), proof.equalAt(4)], [100, 300], 'as long ago as it was')
  proof.take(found(400))
  t.same([proof.equalAt(3), proof.equalAt(4)], [400, 400])
})

t.test('one of a few partitions proves those, and one that broke off none', async t => {
  const proof = new PairProof()
  proof.take(found(100))
  proof.take(found(200, { only: [1, 2], unequal: new Set([2]) }))
  t.same(
    [1, 2, 3].map(partition => proof.equalAt(partition)),
    [200, 100, 100],
  )
  proof.take(found(0, { moved: new Map([[2, 4]]) }))
  t.equal(proof.equalAt(2), 100)
  t.same(proof.repairsOf(2), { last: 4, most: 4, times: 1, total: 4 })
  proof.take(found(300, { epoch: 'epoch-02' as Epoch, only: [1] }))
  t.same([proof.equalAt(1), proof.equalAt(2)], [300, 0], 'other members share other partitions')
  t.equal(proof.repairs.total, 4)
})

t.test('last, most and mean of what was repaired, in all and by partition', async t => {
  const proof = new PairProof()
  for (const moved of [
    new Map([
      [1, 5],
      [2, 1],
    ]),
    new Map([[1, 2]]),
    new Map(),
  ]) {
    proof.take(found(1, { moved }))
  }
  t.same(proof.repairs, { last: 2, most: 6, times: 2, total: 8 })
  t.same(proof.repairsOf(1), { last: 2, most: 5, times: 2, total: 7 })
  t.same(proof.repairsOf(9), { last: 0, most: 0, times: 0, total: 0 })
})

t.test('it comes back from its bytes, and is nothing where they are damaged', async t => {
  const partition = fc.integer({ min: 0, max: 65_535 })
  const finding = fc.record({
    epoch: fc.constantFrom(epoch, 'epoch-02' as Epoch),
    stamp: fc.nat(),
    only: fc.option(fc.array(partition, { maxLength: 5 }), { nil: undefined }),
    unequal: fc.array(partition, { maxLength: 5 }).map(all => new Set(all)),
    moved: fc
      .array(fc.tuple(partition, fc.integer({ min: 1, max: 999 })), { maxLength: 5 })
      .map(all => new Map(all)),
  })
  fc.assert(
    fc.property(fc.array(finding, { maxLength: 8 }), fc.nat(), (findings, flip) => {
      const proof = new PairProof()
      for (const one of findings) proof.take(one)
      const bytes = proof.encode(nodeHash)
      const again = new PairProof()
      if (!again.decode(nodeHash, bytes)) return false
      const partitions = findings.flatMap(({ only = [], unequal, moved }) => {
        return [...only, ...unequal, ...moved.keys()]
      })
      const same = [7, ...partitions].every(one => {
        const counts = JSON.stringify(proof.repairsOf(one))
        return (
          again.equalAt(one) === proof.equalAt(one) &&
          JSON.stringify(again.repairsOf(one)) === counts
        )
      })
      bytes[flip % bytes.length]! ^= 4
      return same && again.epoch === proof.epoch && !new PairProof().decode(nodeHash, bytes)
    }),
  )
  t.notOk(new PairProof().decode(nodeHash, new Uint8Array(3)))
})
