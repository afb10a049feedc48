import t from 'tap'
import { itemDigest } from '../../../src/core/causality/digest.ts'
import { encodeObject } from '../../../src/core/causality/object.ts'
import type { Key, NodeId } from '../../../src/core/ids.ts'
import type { CopyRead } from '../../../src/core/message.ts'
import { nodeHash } from '../../../src/node/hash.ts'
import { codeOf, contextOf, TestCluster, valuesOf } from '../../helpers/replicas.ts'
import { objectOf } from '../../helpers/siblings.ts'

function outcomeAt(cluster: TestCluster, node: string) {
  const reply = cluster.node(node).replies.at(-1)
  if (reply?.type !== 'got') throw new Error(`not a get's reply: ${reply?.type}`)
  return reply.outcome
}

/** Five nodes, the ones of the key, and answers of fallbacks as the test wants them. */
class Sloppy extends TestCluster {
  readonly at: string
  readonly others: readonly [string, string]
  readonly fallbacks: readonly string[]

  constructor() {
    super(5)
    const [at, b, c] = this.primaries('k') as [string, string, string]
    this.at = at
    this.others = [b, c]
    const { placement } = this.node(at).replica
    this.fallbacks = placement.fallbacks(placement.tokenOf(this.get('k').key))
  }

  cut(...nodes: readonly string[]): void {
    for (const node of nodes) this.step({ type: 'disconnected', node: node as NodeId })
  }

  /** Whom the get is asking. */
  get asked(): readonly string[] {
    return this.letters.filter(({ message }) => message.type === 'read').map(({ to }) => to)
  }

  answer(from: string, more: Partial<CopyRead>): void {
    const read = this.letters.find(({ to, message }) => to === from && message.type === 'read')
    if (read?.message.type !== 'read') throw new Error(`${from} was not asked`)
    this.letters.splice(this.letters.indexOf(read), 1)
    const nothing = { digest: '', object: undefined, refused: undefined }
    const envelope = { type: 'held', id: read.message.id, whole: true, generation: 0 } as const
    this.step({
      type: 'message',
      from: from as NodeId,
      message: { ...envelope, ...nothing, ...more },
    })
  }

  step(input: Parameters<ReturnType<TestCluster['node']>['step']>[0]): void {
    this.node(this.at).step(input)
  }

  get reply() {
    return this.node(this.at).replies.at(-1)
  }
}

const value = {
  digest: itemDigest(nodeHash, 'd'.repeat(32), 'k' as Key, objectOf('h')),
  object: encodeObject(objectOf('h')),
}

t.test('a fallback is asked for each primary that cannot be reached, in their order', async t => {
  const asked = (away: (cluster: Sloppy) => readonly string[], strict = false) => {
    const cluster = new Sloppy()
    cluster.cut(...away(cluster))
    cluster.ask(cluster.at, cluster.get('k', 2, { strict }))
    const { asked, others, fallbacks } = cluster
    return asked.map(node => 'bc'[others.indexOf(node)] ?? 'de'[fallbacks.indexOf(node)]).join('')
  }
  t.equal(
    asked(() => []),
    'bc',
  )
  t.equal(
    asked(({ others: [b] }) => [b]),
    'cd',
  )
  t.equal(
    asked(({ others: [b], fallbacks: [d] }) => [b, d!]),
    'ce',
    'the first one that can be reached',
  )
  t.equal(
    asked(({ others }) => others),
    'de',
  )
  t.equal(
    asked(({ others: [b] }) => [b], true),
    'c',
    'strict: primaries only',
  )
  t.equal(
    asked(({ others }) => others, true),
    '',
    'strict: too few',
  )
})

t.test('what a fallback holds counts and is given to the primaries that answer', async t => {
  const cluster = new Sloppy()
  const [b, c] = cluster.others
  const [d, e] = cluster.fallbacks
  cluster.cut(b, c)
  cluster.ask(cluster.at, cluster.get('k', 2, { repair: 'async' }))
  t.same(cluster.asked, [d, e])
  cluster.answer(d!, { digest: value.digest })
  t.same(cluster.asked, [e, d], 'its object is fetched')
  cluster.answer(d!, value)
  t.same(valuesOf(cluster.reply), ['h'])
  const { primaryAcks, fallbackAcks } = outcomeAt(cluster, cluster.at)
  t.same([primaryAcks, fallbackAcks], [[cluster.at], [d]])
  cluster.node(cluster.at).flush()
  t.same(valuesOf(cluster.call(cluster.at, cluster.get('k', 1, { repair: 'off' }))), ['h'])
})

t.test(
  'a fallback that holds nothing never counts: the next one is asked, then nobody',
  async t => {
    const cluster = new Sloppy()
    const [b, c] = cluster.others
    const [d, e] = cluster.fallbacks
    cluster.cut(b, c, e!)
    cluster.ask(cluster.at, cluster.get('k'))
    t.same(cluster.asked, [d])
    cluster.step({ type: 'connected', node: e as NodeId })
    cluster.answer(d!, {})
    t.same(cluster.asked, [e])
    cluster.answer(e!, {})
    t.equal(codeOf(cluster.reply), 'QUORUM')
    const failed = cluster.reply
    if (failed?.type !== 'failed') throw new Error('not failed')
    t.same(failed.failure.outcome.primaryAcks, [cluster.at])
    t.same(failed.failure.outcome.fallbackAcks, [])
    t.equal(failed.failure.outcome.definite, true)
  },
)

t.test('a primary lost or refusing during the get is stood in for', async t => {
  const cluster = new Sloppy()
  const [b, c] = cluster.others
  const [d, e] = cluster.fallbacks
  cluster.ask(cluster.at, cluster.get('k'))
  t.same(cluster.asked, [b, c])
  const refused = { code: 'INTERNAL' as const, message: '', outcome: undefined as never }
  cluster.answer(b, { refused })
  t.same(cluster.asked, [c, d])
  cluster.cut(c)
  t.same(cluster.asked, [c, d, e])
  cluster.letters.length = 0
  cluster.ask(cluster.at, cluster.get('k', 2, { strict: true }))
  cluster.cut(b)
  t.same(cluster.asked, [b], 'strict: nobody is')
  t.equal(codeOf(cluster.reply), 'QUORUM')
})

t.test('a primary that is silent is stood in for after a while', async t => {
  const cluster = new Sloppy()
  const [b, c] = cluster.others
  const [d, e] = cluster.fallbacks
  cluster.ask(cluster.at, cluster.get('k'))
  cluster.pass(240)
  t.same(cluster.asked, [b, c])
  cluster.pass(20)
  t.same(cluster.asked, [b, c, d])
  cluster.pass(260)
  t.same(cluster.asked, [b, c, d, e])
  cluster.answer(b, {})
  t.same(valuesOf(cluster.reply), [], 'two primaries hold nothing')
  cluster.cut(b, c, d!, e!)
  t.equal(cluster.node(cluster.at).replica.observe().coordinating, 0)
})

t.test('blocking with too few primaries to reach is unrepaired at once', async t => {
  const cluster = new Sloppy()
  const [b, c] = cluster.others
  const [d] = cluster.fallbacks
  cluster.cut(b, c)
  cluster.ask(cluster.at, cluster.get('k'))
  cluster.answer(d!, value)
  t.same(valuesOf(cluster.reply), ['h'], 'a fallback is no holder, and this node alone not enough')
  t.equal(outcomeAt(cluster, cluster.at).unrepaired, true)
})

t.test('blocking waits a while for a primary that is silent, to agree or be repaired', async t => {
  for (const late of ['agrees', 'is silent']) {
    const cluster = new Sloppy()
    const [b, c] = cluster.others
    const [d] = cluster.fallbacks
    cluster.cut(c)
    cluster.ask(cluster.at, cluster.get('k'))
    t.same(cluster.asked, [b, d])
    cluster.answer(d!, value)
    cluster.node(cluster.at).flush()
    cluster.pass(200)
    t.equal(cluster.reply, undefined, 'this node and a fallback hold it')
    if (late === 'agrees') cluster.answer(b, value)
    cluster.pass(60)
    t.same(valuesOf(cluster.reply), ['h'])
    t.equal(outcomeAt(cluster, cluster.at).unrepaired, late !== 'agrees')
    t.same(outcomeAt(cluster, cluster.at).repaired, [cluster.at])
    t.same(outcomeAt(cluster, cluster.at).fallbackAcks, [d])
  }
})

t.test('a node that is asked as a fallback reads itself', async t => {
  const cluster = new TestCluster(5)
  const at = cluster.nodes.find(({ id }) => !cluster.primaries('k').includes(id))!
  const [b, c, d] = cluster.primaries('k') as NodeId[] as [NodeId, NodeId, NodeId]
  cluster.call(at.id, cluster.put('k', 'v'))
  const { placement } = at.replica
  const fallbacks = placement.fallbacks(placement.tokenOf(cluster.get('k').key))
  for (const node of [b, ...fallbacks]) {
    if (node !== at.id) at.step({ type: 'disconnected', node })
  }
  cluster.ask(at.id, cluster.get('k'))
  const asked = cluster.letters.filter(({ message }) => message.type === 'read')
  t.same(
    asked.map(({ to }) => to),
    [c, d],
  )
  cluster.settle()
  t.same(valuesOf(at.replies.at(-1)), ['v'])
  t.same(outcomeAt(cluster, at.id).fallbackAcks, [])
  t.ok(contextOf(at.replies.at(-1)).length > 0)
})
