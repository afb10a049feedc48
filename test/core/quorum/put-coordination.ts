import t from 'tap'
import type { NodeId } from '../../../src/core/ids.ts'
import type { PeerMessage, PutReply } from '../../../src/core/message.ts'
import { TestCluster } from '../../helpers/replicas.ts'

/** Five nodes, a key, its primaries and its fallbacks in order, and the first primary. */
function start() {
  const cluster = new TestCluster(5)
  const key = 'k'
  const { placement } = cluster.nodes[0]!.replica
  const token = placement.tokenOf(key as Parameters<typeof placement.tokenOf>[0])
  const primaries = placement.primaries(token)
  const fallbacks = placement.fallbacks(token)
  const lastReply = (node: NodeId) => cluster.node(node).replies.at(-1)
  return { cluster, key, primaries, fallbacks, lastReply }
}

t.test('replies once, at W, and leaves; late acks are waited for until its deadline', async t => {
  const { cluster, key, primaries, lastReply } = start()
  const [a, b, c] = primaries as [NodeId, NodeId, NodeId]
  cluster.ask(a, cluster.put(key, 'v'))
  cluster.settle(({ to }) => to !== c)
  const reply = lastReply(a) as PutReply
  t.same(reply.outcome.primaryAcks, [a, b])
  t.match(cluster.node(a).replica.observe(), { coordinating: 0, owed: 1, hints: 0 })
  cluster.pass(6000)
  cluster.settle(({ to }) => to !== c)
  t.match(cluster.node(a).replica.observe(), { coordinating: 0, owed: 0, hints: 1 })
  t.equal(cluster.node(a).replies.length, 1)
})

t.test('a missing ack at the deadline becomes a hint, and the hint goes home', async t => {
  const { cluster, key, primaries } = start()
  const [a, , c] = primaries as [NodeId, NodeId, NodeId]
  cluster.ask(a, cluster.put(key, 'v'))
  cluster.settle(({ to, message }) => to !== c || message.type !== 'store')
  t.equal(cluster.node(c).objects, 0)
  cluster.pass(6000)
  for (let i = 0; i < 20; i++) {
    cluster.settle()
    cluster.pass(100)
  }
  t.equal(cluster.node(c).objects, 1, 'it was handed over')
  t.equal(cluster.node(a).replica.observe().hints, 0)
})

t.test('a primary that is lost in the middle gets a stand-in, and W is met', async t => {
  const { cluster, key, primaries, fallbacks, lastReply } = start()
  const [a, b, c] = primaries as [NodeId, NodeId, NodeId]
  cluster.ask(a, cluster.put(key, 'v'))
  cluster.letters.splice(0)
  for (const lost of [b, c]) cluster.node(a).step({ type: 'disconnected', node: lost })
  cluster.settle()
  const { outcome } = lastReply(a) as PutReply
  t.same(outcome.primaryAcks, [a])
  t.equal(outcome.fallbackAcks.length, 1)
  t.ok(fallbacks.includes(outcome.fallbackAcks[0] as NodeId))
  t.equal(outcome.hinted.length, 1)
})

t.test('silent primaries get stand-ins after a moment, long before the deadline', async t => {
  const { cluster, key, primaries, lastReply } = start()
  const [a, b, c] = primaries as [NodeId, NodeId, NodeId]
  cluster.ask(a, cluster.put(key, 'v'))
  const isHeard = ({ to }: { readonly to: NodeId }) => to !== b && to !== c
  cluster.settle(isHeard)
  t.equal(lastReply(a), undefined)
  cluster.pass(300)
  cluster.settle(isHeard)
  t.match(lastReply(a), { type: 'wrote', outcome: { primaryAcks: [a] } })
})

t.test('strict: stand-ins keep hints and do not count', async t => {
  const { cluster, key, primaries, lastReply } = start()
  const [a, b, c] = primaries as [NodeId, NodeId, NodeId]
  for (const lost of [b, c]) cluster.node(a).step({ type: 'disconnected', node: lost })
  cluster.ask(a, cluster.put(key, 'v', { strict: true }))
  cluster.settle()
  t.match(lastReply(a), {
    type: 'failed',
    failure: { code: 'QUORUM', outcome: { definite: true } },
  })
  cluster.ask(a, cluster.put(key, 'v'))
  cluster.settle()
  t.match(lastReply(a), { type: 'wrote' }, 'a sloppy one succeeds')
})

t.test('a refusal is named in the failure', async t => {
  const { cluster, key, primaries, lastReply } = start()
  const [a] = primaries as [NodeId]
  cluster.ask(a, cluster.put(key, 'v', { w: 3 }))
  const [letter] = cluster.letters.splice(0)
  const { to, message } = letter!
  if (message.type !== 'store') throw new Error('no copy')
  const failure = { code: 'STORE_FULL', message: 'no space', outcome: { definite: true } }
  for (const from of cluster.nodes.map(node => node.id)) {
    if (from === a) continue
    const refused = failure as Parameters<typeof Object>[0]
    const answer = { type: 'stored', id: message.id, whole: true, refused } as const
    cluster.node(a).step({ type: 'message', from, message: answer })
    cluster.letters.splice(0)
  }
  for (const from of cluster.nodes.map(node => node.id)) {
    if (from === a) continue
    const answer = {
      type: 'stored',
      id: message.id,
      whole: true,
      refused: failure as never,
    } as const
    cluster.node(a).step({ type: 'message', from, message: answer })
  }
  t.ok(to !== a)
  t.match(lastReply(a), { type: 'failed', failure: { message: /no space/ } })
})

t.test(
  'a stand-in that is silent to the end holds nothing: the coordinator keeps the hint',
  async t => {
    const { cluster, key, primaries, fallbacks, lastReply } = start()
    const [a, , c] = primaries as [NodeId, NodeId, NodeId]
    cluster.node(a).step({ type: 'disconnected', node: c })
    cluster.ask(a, cluster.put(key, 'v'))
    cluster.settle(({ to }) => !fallbacks.includes(to))
    t.match(lastReply(a), { type: 'wrote', outcome: { fallbackAcks: [] } })
    cluster.pass(5101)
    cluster.settle(({ to }) => !fallbacks.includes(to))
    t.equal(cluster.node(a).replica.observe().hints, 1)
  },
)

t.test('who only stands in keeps what it owes at once: its own hint may go home', async t => {
  const { cluster, key, primaries, fallbacks } = start()
  const [a, b, c] = primaries as [NodeId, NodeId, NodeId]
  const [f] = fallbacks as [NodeId]
  const request = cluster.put(key, 'v')
  const envelope = { id: 7, epoch: cluster.epoch, timeLeft: 5000 }
  const forward = { type: 'forward', ...envelope, request } as const
  cluster.node(f).step({ type: 'message', from: b, message: forward })
  const passes = ({ to, message }: { readonly to: NodeId; readonly message: PeerMessage }) =>
    !(message.type === 'store' && to === c) && !(message.type === 'handoff' && to === c)
  cluster.settle(passes)
  for (let i = 0; i < 20; i++) {
    cluster.pass(20)
    cluster.settle(passes)
  }
  t.same(
    [a, b, c].map(id => cluster.node(id).objects),
    [1, 1, 0],
  )
  t.match(cluster.node(f).replica.observe(), { hints: 1, owed: 0 }, 'that for c; the other is home')
})

t.test('explained: who was sent what, who stored it, who stood in for whom', async t => {
  const { cluster, key, primaries, lastReply } = start()
  const [a, b, c] = primaries as [NodeId, NodeId, NodeId]
  cluster.node(a).step({ type: 'disconnected', node: c })
  cluster.ask(a, cluster.put(key, 'v', { explain: true }))
  cluster.settle()
  const explained = (lastReply(a) as PutReply).explained
  t.match(explained, { coordinator: a, primaries })
  const steps = explained?.steps.map(({ node, what, detail }) => `${node} ${what} ${detail}`.trim())
  const standIn = explained?.fallbacks[0]
  t.same(steps?.slice(0, 3), [`${a} sent`, `${b} sent`, `${standIn} sent-hint ${c}`])
  t.ok(steps?.includes(`${a} stored`) || steps?.includes(`${b} stored`))
  cluster.ask(a, cluster.put(key, 'v'))
  cluster.settle()
  t.equal((lastReply(a) as PutReply).explained, undefined, 'only where it was asked for')
})

t.test('of puts that end in doubt only those are pinned for which there is room', async t => {
  const MIB = 2 ** 20
  for (const [fresh, pinned] of [
    [400 * 1024, 0],
    [2 * MIB, 1],
    [20 * MIB, 4],
  ] as const) {
    const cluster = new TestCluster(3)
    const node = cluster.node('n1')
    for (let i = 0; i < 4; i++) {
      cluster.ask('n1', cluster.put(`k${i}`, 'v'.repeat(MIB - 100)))
      node.flush()
    }
    cluster.letters.length = 0
    // Meanwhile others fill the disk.
    const reserve = 25 * MIB
    node.step({ type: 'disk', space: { fresh, inside: 0, reserve } })
    cluster.now = (cluster.now + 6000) as typeof cluster.now
    cluster.wall += 6000
    node.step({ type: 'tick', wall: cluster.wall })
    node.step({ type: 'turn' })
    t.equal(node.replies.length, 4)
    const large = node.commit?.rows.filter(({ value }) => (value?.length ?? 0) > MIB / 2) ?? []
    t.equal(large.length, pinned, `${fresh} bytes`)
    t.equal(node.replica.observe().secondSends.unpinned, 4 - pinned)
  }
})
