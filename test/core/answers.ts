import t from 'tap'
import type { NodeId } from '../../src/core/ids.ts'
import { codeOf, contextOf, live, TestCluster, valuesOf } from '../helpers/replicas.ts'

/** What replies come without any time passing. */
function atOnce(cluster: TestCluster, at: string, ask: () => void) {
  const node = cluster.node(at)
  const before = node.replies.length
  ask()
  cluster.settle()
  return node.replies[before]
}

t.test('a get of what fits no frame says so at once, wherever it is asked', async t => {
  const cluster = new TestCluster(5)
  const key = cluster.keyAt('n1', true)
  for (let i = 0; i < 4; i++) cluster.call('n1', cluster.put(key, `${i}`.repeat(1000)))
  cluster.frameBytes = 3000
  for (const { id } of cluster.nodes) {
    const reply = atOnce(cluster, id, () => cluster.ask(id, cluster.get(key)))
    t.match(reply, { type: 'failed', failure: { code: 'TOO_LARGE' } }, id)
    const one = atOnce(cluster, id, () => cluster.ask(id, cluster.get(key, 1)))
    t.match(one, { type: 'failed', failure: { code: 'TOO_LARGE' } }, id)
  }
  t.same(
    cluster.nodes.map(({ replica }) => replica.observe().coordinating),
    [0, 0, 0, 0, 0],
  )
})

t.test('a copy that cannot be sent is refused at once, and its put ends', async t => {
  const cluster = new TestCluster(3, { fallbacks: 0 })
  const first = cluster.call('n1', cluster.put('k', 'x'.repeat(1000)))
  t.equal(codeOf(first), 'wrote')
  cluster.frameBytes = 1500
  const reply = atOnce(cluster, 'n1', () => cluster.ask('n1', cluster.put('k', 'y'.repeat(1000))))
  t.match(reply, { failure: { code: 'QUORUM', outcome: { definite: false } } })
  const small = cluster.put('k', 'z', { context: contextOf(first) })
  cluster.frameBytes = undefined
  t.equal(codeOf(cluster.call('n1', small)), 'wrote')
})

t.test('a fallback stands in for a member that does not read', async t => {
  for (const why of ['behind', 'gone'] as const) {
    const cluster = new TestCluster(5, { fallbacks: 2 })
    const key = cluster.keyAt('n1', true)
    const [first, second] = cluster.primaries(key).filter(id => id !== 'n1') as [NodeId, NodeId]
    cluster.stuck.set(`n1 ${first}`, why)
    cluster.stuck.set(`n1 ${second}`, why)
    const reply = atOnce(cluster, 'n1', () => cluster.ask('n1', cluster.put(key, 'v')))
    t.match(reply, { type: 'wrote', outcome: { hinted: [first] } }, why)
    const got = atOnce(cluster, 'n1', () => cluster.ask('n1', cluster.get(key)))
    t.same(valuesOf(got), ['v'], why)
  }
})

t.test('a put is forwarded to the next owner if the first cannot be sent to', async t => {
  const cluster = new TestCluster(5, { fallbacks: 0 })
  const key = cluster.keyAt('n1', false)
  cluster.stuck.set(`n1 ${cluster.primaries(key)[0]}`, 'behind')
  const reply = atOnce(cluster, 'n1', () => cluster.ask('n1', cluster.put(key, 'v')))
  t.equal(codeOf(reply), 'wrote')
})

t.test('a reply that cannot be sent is refused at once', async t => {
  const cluster = new TestCluster(5, { fallbacks: 0 })
  const key = cluster.keyAt('n1', false)
  cluster.call('n1', cluster.put(key, 'v'.repeat(1000)))
  for (const id of cluster.primaries(key)) cluster.stuck.set(`${id} n1`, 'behind')
  const reply = atOnce(cluster, 'n1', () => cluster.ask('n1', cluster.get(key)))
  t.equal(codeOf(reply), 'QUORUM')
  cluster.stuck.clear()
  t.equal(codeOf(cluster.call('n1', cluster.get(key))), 'got')
})

t.test('gossip that cannot leave is said again', async t => {
  const cluster = new TestCluster(3)
  cluster.stuck.set('n1 n2', 'behind')
  live(cluster, 500)
  cluster.stuck.clear()
  live(cluster, 10_000)
  const reply = cluster.call('n1', { type: 'gossip', id: 1 })
  t.match(reply, { beliefs: [{}, { status: 'alive' }, { status: 'alive' }] })
})
