import t from 'tap'
import type { NodeId } from '../../../src/core/ids.ts'
import type { PeerMessage } from '../../../src/core/message.ts'
import { entryOf } from '../../helpers/members.ts'
import { codeOf, fullDisk, TestCluster, valuesOf } from '../../helpers/replicas.ts'

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
  cluster.node(first!).step(fullDisk)
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

t.test('who stood in when the put began, and does not any more, coordinates nothing', async t => {
  const cluster = new TestCluster(5)
  const key = cluster.keyAt('n1', false)
  const primaries = cluster.primaries(key)
  const n1 = cluster.node('n1')
  const { placement } = n1.replica
  const token = placement.tokenOf(key as Parameters<typeof placement.tokenOf>[0])
  t.ok(placement.standsIn(token))
  cluster.ask('n1', cluster.put(key, 'v'))
  const joined = Array.from({ length: 9 }, (_, i) => entryOf(`m${i}`))
  const view = [...cluster.members.map(({ id }) => entryOf(id, { version: 0 })), ...joined]
  const message = { type: 'ack', id: 1, epoch: cluster.epoch, view, deltas: [] } as const
  n1.step({ type: 'message', from: 'n2' as NodeId, message })
  t.notOk(placement.standsIn(token) || placement.owns(token), 'another ring')
  for (const { id } of joined) n1.step({ type: 'connected', node: id })
  for (const id of primaries) n1.step({ type: 'disconnected', node: id as NodeId })
  n1.flush()
  t.match(n1.replies, [
    { type: 'failed', failure: { code: 'STALE_VIEW', outcome: { definite: false } } },
  ])
  t.equal(n1.objects, 0)
})

t.test('refused definitely by everyone: definite; once in doubt, in doubt', async t => {
  for (const inDoubt of [false, true]) {
    const cluster = new TestCluster(5, { fallbacks: 0 })
    const key = cluster.keyAt('n1', false)
    const [first, ...others] = cluster.primaries(key) as NodeId[]
    for (const id of [first!, ...others]) cluster.node(id).step(fullDisk)
    cluster.ask('n1', cluster.put(key, 'v'))
    if (inDoubt) cluster.node('n1').step({ type: 'disconnected', node: first! })
    const again = [inDoubt]
    cluster.settle(({ message }) => {
      if (message.type === 'forward' && message.request.again !== again.at(-1))
        again.push(message.request.again)
      return true
    })
    t.match(cluster.node('n1').replies, [
      { type: 'failed', failure: { code: 'STORE_FULL', outcome: { definite: !inDoubt } } },
    ])
    t.equal(again.includes(true), inDoubt, 'a try after definite refusals is a first one')
  }
})
