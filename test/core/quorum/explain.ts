import t from 'tap'
import type { Explained } from '../../../src/core/explained.ts'
import type { Instant, Key, NodeId } from '../../../src/core/ids.ts'
import { Explanation, shownDigest } from '../../../src/core/quorum/explain.ts'
import { TestCluster } from '../../helpers/replicas.ts'

const at = (ms: number) => ms as Instant

t.test('what happened, where and when', async t => {
  const { placement } = new TestCluster(5).node('n1').replica
  const token = placement.tokenOf('k' as Key)
  const explanation = new Explanation(placement, token, at(10.5))
  explanation.note(at(10.5), 'n1' as NodeId, 'asked-full')
  explanation.note(at(12.0004), 'n2' as NodeId, 'sent-hint', 'n3')
  explanation.note(at(9), 'n2' as NodeId, 'lost')
  const explained = explanation.explained()
  t.equal(explained.coordinator, 'n1')
  t.equal(explained.token, token)
  t.ok(explained.partition >= 0 && explained.partition < 16)
  t.same(explained.primaries, placement.primaries(token))
  t.same(explained.fallbacks, placement.fallbacks(token))
  t.same(
    explained.steps.map(({ atMicros, node, what, detail }) => [atMicros, node, what, detail]),
    [
      [0, 'n1', 'asked-full', ''],
      [1500, 'n2', 'sent-hint', 'n3'],
      [0, 'n2', 'lost', ''],
    ],
  )
})

t.test('it has a bound', async t => {
  const { placement } = new TestCluster(3).node('n1').replica
  const explanation = new Explanation(placement, placement.tokenOf('k' as Key), at(0))
  for (let i = 0; i < 5000; i++) explanation.note(at(i), 'n1' as NodeId, 'lost', 'x'.repeat(100))
  const { steps } = explanation.explained()
  t.equal(steps.length, 1024)
  t.equal(steps[0]?.detail.length, 64)
})

t.test('of a digest its first bytes are shown', async t => {
  t.equal(shownDigest('\x01\xff\x10abcde'), '01ff10')
  t.equal(shownDigest(''), '')
})

function stepsOf(explained: Explained | undefined): readonly string[] {
  if (explained === undefined) throw new Error('nothing is explained')
  return explained.steps.map(({ node, what, detail }) =>
    detail === '' || what === 'full' || what === 'digest'
      ? `${node} ${what}`
      : `${node} ${what} ${detail}`,
  )
}

t.test('a get explains whom it asked, what they said, and what it wrote back', async t => {
  const cluster = new TestCluster(3)
  cluster.ask('n1', cluster.put('k', 'v'))
  cluster.settle(({ to, message }) => message.type !== 'store' || to !== 'n3')
  const reply = cluster.call('n1', cluster.get('k', 3, { explain: true }))
  if (reply?.type !== 'got') throw new Error('no reply')
  t.same([...stepsOf(reply.explained)].sort(), [
    'n1 asked-full',
    'n1 full',
    'n2 asked-digest',
    'n2 digest',
    'n3 asked-digest',
    'n3 nothing',
    'n3 repair',
    'n3 repaired',
  ])
  const details = reply.explained?.steps.filter(({ what }) => what === 'full' || what === 'digest')
  t.equal(details?.[0]?.detail.length, 6)
  t.equal(details?.[0]?.detail, details?.[1]?.detail)
  const silent = cluster.call('n1', cluster.get('k'))
  t.equal(silent?.type === 'got' && silent.explained, undefined, 'only where it was asked for')
})

t.test('a get that failed explains who was lost', async t => {
  const cluster = new TestCluster(3)
  const node = cluster.node('n1')
  cluster.ask('n1', cluster.get('k', 2, { explain: true }))
  for (const lost of ['n2', 'n3'] as NodeId[]) node.step({ type: 'disconnected', node: lost })
  const reply = node.replies.at(-1)
  if (reply?.type !== 'failed') throw new Error('not failed')
  t.same(stepsOf(reply.explained).slice(-2), ['n2 lost', 'n3 lost'])
  cluster.ask('n1', cluster.get('k', 2, { explain: true }))
  const refused = node.replies.at(-1)
  if (refused?.type !== 'failed') throw new Error('not failed')
  t.same(refused.explained?.primaries.length, 3, 'refused at once')
})

t.test('a hedge is told', async t => {
  const cluster = new TestCluster(5)
  const node = cluster.nodes.find(({ id }) => !cluster.primaries('k').includes(id))!
  cluster.ask(node.id, cluster.get('k', 2, { explain: true }))
  cluster.pass(60)
  cluster.settle()
  const reply = node.replies.at(-1)
  if (reply?.type !== 'got') throw new Error('no reply')
  t.equal(stepsOf(reply.explained).filter(step => step.endsWith('hedged')).length, 1)
  t.equal(reply.explained?.steps.find(({ what }) => what === 'hedged')?.atMicros, 60_000)
})
