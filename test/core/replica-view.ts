import t from 'tap'
import { TestCluster } from '../helpers/replicas.ts'

t.test('rows that are no objects are all counted', async t => {
  const cluster = new TestCluster(3)
  cluster.call('n1', cluster.put('k', 'v'))
  cluster.call('n1', cluster.put('gone', undefined))
  for (const node of cluster.nodes) {
    const { rowsAside, hints, treeReady, pendingBytes, coordinating } = node.replica.observe()
    t.equal(node.disk.size - rowsAside, 2, node.id)
    t.same(
      { hints, treeReady, pendingBytes, coordinating },
      {
        hints: 0,
        treeReady: true,
        pendingBytes: 0,
        coordinating: 0,
      },
    )
    t.equal(node.replica.observe().reaping.tombstones, 1)
  }
})
