import t from 'tap'
import type { Key, Partition } from '../../../src/core/ids.ts'
import { markRowKey } from '../../../src/core/reaping/marks.ts'
import { decodeState, partitionRowKey } from '../../../src/core/reaping/partition-rows.ts'
import { nodeHash } from '../../../src/node/hash.ts'
import { contextOf, live, TestCluster, valuesOf } from '../../helpers/replicas.ts'

/** Puts and deletes keys; where nothing was reaped yet. */
function deleteAll(cluster: TestCluster, keys: readonly string[]): void {
  for (const key of keys) {
    cluster.call('n1', cluster.put(key, 'v'))
    const context = contextOf(cluster.call('n1', cluster.get(key)))
    cluster.call('n1', cluster.put(key, undefined, { context }))
  }
}
const keys = Array.from({ length: 40 }, (_, i) => `k${i}`)
const countsOf = (cluster: TestCluster) =>
  cluster.nodes.map(({ replica }) => replica.observe().reaping)

t.test('deleted keys leave nothing behind, and stay deleted', async t => {
  const cluster = new TestCluster(5)
  live(cluster, 8000)
  deleteAll(cluster, keys)
  const rows = () => cluster.nodes.reduce((sum, node) => sum + node.objects, 0)
  t.equal(rows(), 120)
  t.equal(
    countsOf(cluster).reduce((sum, { tombstones }) => sum + tombstones, 0),
    120,
  )
  live(cluster, 4000)
  t.equal(rows(), 120, 'younger than what exchanges look at')
  live(cluster, 16_000)
  t.equal(rows(), 0)
  for (const { tombstones, tombstoneBytes } of countsOf(cluster)) {
    t.same([tombstones, tombstoneBytes], [0, 0])
  }
  const { rounds, reaped } = countsOf(cluster).reduce((sum, one) => ({
    ...one,
    rounds: sum.rounds + one.rounds,
    reaped: sum.reaped + one.reaped,
  }))
  t.equal(reaped, 120, 'each key at each owner')
  t.ok(rounds >= 1 && rounds <= 16, 'one a partition')
  t.same(valuesOf(cluster.call('n2', cluster.get('k7'))), [])
  live(cluster, 25_000)
  for (const node of cluster.nodes) {
    t.equal([...node.disk.keys()].filter(key => key.startsWith('\x68')).length, 0)
    const marks = Array.from({ length: 16 }, (_, i) => node.disk.get(markRowKey(i as Partition)))
    t.ok(
      marks.every(mark => mark === undefined),
      'marks go once all have reaped',
    )
  }
})

t.test('every node of a partition turns, and refuses what is older', async t => {
  const cluster = new TestCluster(5)
  live(cluster, 8000)
  deleteAll(cluster, ['k'])
  const partition =
    cluster
      .node('n1')
      .replica.placement.tokenOf('k' as Key)
      .charCodeAt(0) >> 4
  live(cluster, 20_000)
  for (const node of cluster.nodes) {
    const bytes = node.disk.get(partitionRowKey(partition as Partition))
    const owns = cluster.primaries('k').includes(node.id)
    const state = bytes && decodeState(nodeHash, bytes)
    t.same(state, { generation: 1, floor: 1, reaped: owns ? 1 : 0 }, node.id)
  }
  t.equal(cluster.call('n1', cluster.put('k', 'again'))?.type, 'failed')
  t.equal(cluster.call('n1', cluster.put('k', 'again', { generation: 1 }))?.type, 'wrote')
  t.same(valuesOf(cluster.call('n2', cluster.get('k'))), ['again'])
})

t.test('a silent node stops the partitions that it may hold, and is named', async t => {
  const cluster = new TestCluster(5)
  live(cluster, 8000)
  for (const node of cluster.nodes) {
    if (node.id !== 'n5') node.step({ type: 'disconnected', node: 'n5' as never })
  }
  deleteAll(cluster, keys)
  live(cluster, 25_000)
  const counts = cluster.nodes.map(({ replica }) => replica.observe().reaping)
  t.ok(counts.slice(0, 4).every(({ rounds }) => rounds === 0))
  const tombstones = counts.slice(0, 4).reduce((sum, one) => sum + one.tombstones, 0)
  t.ok(tombstones >= 80)
  const waiting = counts.slice(0, 4).filter(({ tombstones }) => tombstones > 0)
  t.ok(waiting.every(({ heldUp }) => [...heldUp.keys()].join() === 'n5'))
})
