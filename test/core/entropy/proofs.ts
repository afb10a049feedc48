import t from 'tap'
import type { Finding } from '../../../src/core/entropy/pair-proof.ts'
import { Proofs } from '../../../src/core/entropy/proofs.ts'
import type { Epoch, Instant, NodeId } from '../../../src/core/ids.ts'
import type { RowKey, Store } from '../../../src/core/step.ts'
import { nodeHash } from '../../../src/node/hash.ts'

const n2 = 'n2' as NodeId
const at = (ms: number) => ms as Instant
const found = (stamp: number, moved = new Map<number, number>()): Finding => {
  return { epoch: 'epoch-01' as Epoch, stamp, only: undefined, unequal: new Set(), moved }
}

/** A store of rows that a test keeps. */
function storeOf(rows: Map<RowKey, Uint8Array>): Store {
  return {
    get: key => rows.get(key),
    range: (from, to) =>
      [...rows].filter(([key]) => key > from && key < to).map(([key, value]) => ({ key, value })),
  }
}

t.test('rows are few: at once, then once a minute, sooner where something moved', async t => {
  const proofs = new Proofs(nodeHash, storeOf(new Map()))
  const due = (ms: number) => proofs.due(at(ms)).length
  t.equal(due(0), 0)
  proofs.take(n2, found(1), at(0))
  t.same([due(0), due(0)], [1, 0])
  for (let ms = 10_000; ms < 60_000; ms += 10_000) {
    proofs.take(n2, found(ms), at(ms))
    t.equal(due(ms), 0)
  }
  t.equal(due(60_000), 1)
  proofs.take(n2, found(2, new Map([[3, 1]])), at(62_000))
  t.same([due(62_000), due(69_999), due(70_000)], [0, 0, 1])
  t.equal(proofs.rows, 1)
})

t.test('another start knows what was written, and nothing of a damaged row', async t => {
  const rows = new Map<RowKey, Uint8Array>()
  const proofs = new Proofs(nodeHash, storeOf(rows))
  proofs.take(n2, found(1234, new Map([[3, 9]])), at(0))
  proofs.take('n3' as NodeId, found(99), at(0))
  for (const { key, value } of proofs.due(at(0))) rows.set(key, value!)
  t.equal(rows.size, 2)
  const next = new Proofs(nodeHash, storeOf(rows))
  t.same([next.rows, next.of(n2)?.equalAt(7), next.of(n2)?.repairs.total], [2, 1234, 9])
  const [first] = rows.values()
  first![10]! ^= 1
  const damaged = new Proofs(nodeHash, storeOf(rows))
  t.same([damaged.rows, damaged.of(n2)], [2, undefined])
  t.equal(damaged.of('n3' as NodeId)?.equalAt(0), 99)
})
