import t from 'tap'
import type { NodeId } from '../../../src/core/ids.ts'
import type { PeerMessage } from '../../../src/core/message.ts'
import { codeOf, TestCluster, valuesOf } from '../../helpers/replicas.ts'

type Forward = Extract<PeerMessage, { type: 'forward' }>

/** The forwards that a cluster's letters hold, with their targets. */
function forwardsIn(cluster: TestCluster): { to: NodeId; message: Forward }[] {
  return cluster.letters.flatMap(({ to, message }) =>
    message.type === 'forward' ? [{ to, message }] : [],
  )
}

t.test('a put that this node does not own goes to one node of the list', async t => {
  const cluster = new TestCluster(5)
  const key = cluster.keyAt('n1', false)
  cluster.ask('n1', cluster.put(key, 'v'))
  const [forward, ...more] = forwardsIn(cluster)
  t.equal(more.length, 0)
  t.equal(forward?.to, cluster.primaries(key)[0])
  t.equal(forward?.message.request.again, false)
  cluster.settle()
  t.equal(codeOf(cluster.node('n1').replies[0]), 'wrote')
})

t.test(
  'where the first is lost the next is asked, as a second send, and it counts once',
  async t => {
    const cluster = new TestCluster(5)
    const key = cluster.keyAt('n1', false)
    const [first, second] = cluster.primaries(key) as NodeId[]
    cluster.ask('n1', cluster.put(key, 'v'))
    cluster.settle(({ message }) => message.type !== 'forwarded')
    cluster.node('n1').step({ type: 'disconnected', node: first! })
    const [again] = forwardsIn(cluster)
    t.equal(again?.to, second)
    t.equal(again?.message.request.again, true)
    cluster.settle()
    t.same(cluster.node('n1').replies.map(codeOf), ['wrote'])
    t.same(valuesOf(cluster.call('n2', cluster.get(key))), ['v'])
  },
)

t.test('a silent node is passed over before the deadline', async t => {
  const cluster = new TestCluster(5)
  const key = cluster.keyAt('n1', false)
  const [first] = cluster.primaries(key)
  cluster.ask('n1', cluster.put(key, 'v'))
  cluster.settle(({ to }) => to !== first)
  cluster.pass(1700)
  cluster.settle(({ to }) => to !== first)
  t.same(cluster.node('n1').replies.map(codeOf), ['wrote'])
})

t.test('a refusal of that node alone is not the last word', async t => {
  const cluster = new TestCluster(5)
  const key = cluster.keyAt('n1', false)
  const [first] = cluster.primaries(key)
  cluster.node(first!).step({ type: 'disk', full: true })
  t.equal(codeOf(cluster.call('n1', cluster.put(key, 'v'))), 'wrote')
  t.equal(codeOf(cluster.call('n1', cluster.put(key, 'v', { w: 9 }))), 'USAGE')
})

t.test('nobody left: definite before a send, indefinite after one', async t => {
  const cluster = new TestCluster(5, { fallbacks: 0 })
  const key = cluster.keyAt('n1', false)
  cluster.ask('n1', cluster.put(key, 'v'))
  for (const node of cluster.primaries(key)) {
    cluster.node('n1').step({ type: 'disconnected', node: node as NodeId })
  }
  const failure = (index: number) => {
    const reply = cluster.node('n1').replies[index]
    return reply?.type === 'failed' ? reply.failure : undefined
  }
  t.equal(failure(0)?.outcome.definite, false)
  cluster.ask('n1', cluster.put(key, 'v'))
  t.equal(failure(1)?.code, 'QUORUM')
  t.equal(failure(1)?.outcome.definite, true)
})

t.test('no primary can be reached: a fallback coordinates, on all hints that it holds', async t => {
  const cluster = new TestCluster(5)
  const key = cluster.keyAt('n1', false)
  for (const node of cluster.primaries(key)) {
    cluster.node('n1').step({ type: 'disconnected', node: node as NodeId })
  }
  const first = cluster.call('n1', cluster.put(key, 'v'))
  t.match(first, { type: 'wrote', outcome: { primaryAcks: [], hinted: { length: 2 } } })
  const second = cluster.call('n1', cluster.put(key, 'w'))
  t.match(second, { type: 'wrote', siblings: 1 }, 'a blind put stands beside the first one')
})
