import t from 'tap'
import { TestCluster } from '../../helpers/replicas.ts'

t.test('an inspection names what each replica holds', async t => {
  const cluster = new TestCluster(5)
  cluster.call('n1', cluster.put('k', 'v'))
  const [first] = cluster.primaries('k')
  for (const node of cluster.nodes) {
    if (node.id !== first) node.step({ type: 'disconnected', node: first as never })
  }
  const asker = cluster.nodes.find(({ id }) => id !== first)!
  const reply = cluster.call(asker.id, {
    type: 'inspect',
    id: 4,
    epoch: cluster.epoch,
    timeLeft: 1000,
    key: 'k' as never,
  })
  if (reply?.type !== 'inspected') throw new Error(JSON.stringify(reply))
  t.same(
    reply.replicas.map(({ node }) => node),
    cluster.primaries('k'),
  )
  t.same(
    reply.replicas.map(({ whole, versions }) => [whole, versions.length]),
    [
      [undefined, 0],
      [true, 1],
      [true, 1],
    ],
  )
})
