import t from 'tap'
import type { Instant, Key, Partition } from '../../../src/core/ids.ts'
import { decodeState, partitionRowKey } from '../../../src/core/reaping/partition-rows.ts'
import { decodeProofs } from '../../../src/core/reaping/round-parts.ts'
import { nodeHash } from '../../../src/node/hash.ts'
import { encode } from '../../../src/wire/message-codec.ts'
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
import { live, TestCluster, type TestNode, valuesOf } from '../../helpers/replicas.ts'

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
  t.same(sizes, [1000, 1000, 1000, 1000, 100, 100])
  t.ok(cluster.nodes.every(node => node.objects === 0))
})

t.test('10,000 tombstones at once: no step of anybody writes more than some', async t => {
  const cluster = new TestCluster(2, { replicas: 2, fallbacks: 0, partitions: 64 })
  live(cluster, 8000)
  for (let i = 0; i < 10_000; i++) {
    cluster.ask('n1', cluster.put(`k${i}`, undefined))
    if (i % 500 === 499) cluster.settle()
  }
  cluster.settle()
  let [rows, bytes] = [0, 0]
  /** Each step of a node is a commit of its own, and so all that is written is seen. */
  const flush = (node: TestNode) => {
    for (node.step({ type: 'turn' }); node.commit !== undefined; ) {
      rows = Math.max(rows, node.commit.rows.length)
      node.flushOne()
    }
  }
  const tombstones = () => cluster.nodes.map(({ replica }) => replica.observe().reaping.tombstones)
  for (let ms = 0; ms < 60_000 && tombstones().some(count => count > 0); ms += 20) {
    cluster.now = (cluster.now + 20) as Instant
    cluster.wall += 20
    for (const node of cluster.nodes) {
      node.step({ type: 'tick', wall: cluster.wall })
      flush(node)
    }
    for (const letter of [...cluster.gossip.splice(0), ...cluster.letters.splice(0)]) {
      const { message } = letter
      if (message.type === 'round') bytes = Math.max(bytes, encode(message).length)
      cluster.deliver(letter)
      flush(cluster.node(letter.to))
    }
  }
  t.same(tombstones(), [0, 0])
  t.same(
    cluster.nodes.map(node => node.objects),
    [0, 0],
  )
  // A key is a row, and one of what may be reaped.
  t.ok(rows > 500 && rows <= 2200, `${rows} rows in the largest commit`)
  t.ok(bytes > 10_000 && bytes <= 64 * 1024, `${bytes} bytes in the largest question`)
})
