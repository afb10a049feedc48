import t from 'tap'
import type { Key, Partition } from '../../../src/core/ids.ts'
import { decodeState, partitionRowKey } from '../../../src/core/reaping/partition-rows.ts'
import { decodeProofs } from '../../../src/core/reaping/round-parts.ts'
import { nodeHash } from '../../../src/node/hash.ts'
import {
  begin,
  copyInFlight,
  fallbackAhead,
  givenUpRound,
  hintWaits,
  lateHint,
  lateRetry,
  onePrimaryMissed,
  remove,
} from '../../helpers/reaping-scenarios.ts'
import { live, TestCluster, valuesOf } from '../../helpers/replicas.ts'

t.test('what P only argues', async t => {
  t.equal(copyInFlight(), 'gone')
  t.equal(hintWaits(), 'waits, then gone')
  t.equal(onePrimaryMissed(), 'waits')
  t.equal(lateRetry(), 'gone')
  t.equal(lateHint(), 'gone')
  t.equal(givenUpRound(), 'gone')
  t.equal(fallbackAhead(), 'gone')
})

t.test('a key that is written during the proof is left out, the others are reaped', async t => {
  const { cluster, key, owners } = begin()
  const [starter, second] = owners
  const { placement } = starter!.replica
  const partition = placement.tokenOf(key as Key).charCodeAt(0) >> 4
  const keys = Array.from({ length: 400 }, (_, i) => `x${i}`)
    .filter(one => placement.tokenOf(one as Key).charCodeAt(0) >> 4 === partition)
    .slice(0, 4)
  for (const one of keys) {
    cluster.call('n1', cluster.put(one, 'v'))
    remove(cluster, one, 'n1')
  }
  let proofs = 0
  live(cluster, 20_000, ({ to, message }) => {
    if (message.type === 'round' && message.step === 'prove' && to === second!.id) {
      // The second question is without the key that was written before the first came.
      t.equal(decodeProofs(message.parts)[0]?.keys.length, 4 - proofs)
      proofs++
      if (proofs === 1) {
        cluster.ask(second!.id, cluster.put(keys[2]!, 'w', { generation: 9 }))
        second!.flush()
      }
    }
    return true
  })
  t.equal(proofs, 2)
  t.equal(starter!.objects, 1)
  const values = valuesOf(cluster.call('n1', cluster.get(keys[2]!, 3)))
  t.same(new Set(values), new Set([undefined, 'w']), 'a blind put is a sibling of the delete')
})

t.test('a round that lost a node in the middle is begun anew', async t => {
  const { cluster, key, owners, others } = begin()
  cluster.call('n1', cluster.put(key, 'v'))
  remove(cluster, key, 'n1')
  const [fallback] = others
  const token = owners[0]!.replica.placement.tokenOf(key as Key)
  const row = partitionRowKey((token.charCodeAt(0) >> 4) as Partition)
  live(cluster, 20_000, ({ to, message }) => {
    return !(message.type === 'round' && message.step === 'drain' && to === fallback!.id)
  })
  t.equal(owners[0]!.objects, 1)
  const stateOf = (node = owners[0]!) => decodeState(nodeHash, node.disk.get(row) as Uint8Array)
  t.ok((stateOf()?.generation ?? 0) >= 1, 'it had turned')
  t.equal(stateOf()?.floor, 0)
  live(cluster, 20_000)
  t.equal(owners[0]!.objects, 0)
  t.equal(stateOf()?.floor, stateOf()?.generation)
  t.equal(stateOf(fallback)?.floor, stateOf()?.floor)
})

t.test('many keys take several marks, and one message a node and step', async t => {
  const cluster = new TestCluster(3, { partitions: 1, fallbacks: 0 })
  live(cluster, 8000)
  const count = 2100
  for (let i = 0; i < count; i++) {
    cluster.ask('n1', cluster.put(`k${i}`, undefined))
    if (i % 100 === 99) cluster.settle()
  }
  cluster.settle()
  const sizes: number[] = []
  live(cluster, 30_000, ({ message }) => {
    if (message.type === 'round' && message.step === 'prove') {
      sizes.push(decodeProofs(message.parts)[0]?.keys.length ?? 0)
    }
    return true
  })
  t.same(sizes, [2000, 2000, 100, 100])
  t.ok(cluster.nodes.every(node => node.objects === 0))
})
