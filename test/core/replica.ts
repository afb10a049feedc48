import t from 'tap'
import { binaryOf } from '../../src/core/binary.ts'
import type { ClientReply } from '../../src/core/message.ts'
import { TestCluster } from '../helpers/replicas.ts'

function valuesOf(reply: ClientReply | undefined): (string | undefined)[] {
  if (reply?.type !== 'got') throw new Error(`not a get's reply: ${JSON.stringify(reply)}`)
  return reply.versions.map(({ value }) => (value === undefined ? undefined : binaryOf(value)))
}

function contextOf(reply: ClientReply | undefined): Uint8Array {
  if (reply?.type !== 'got' && reply?.type !== 'wrote') throw new Error('no context')
  return reply.context
}

function codeOf(reply: ClientReply | undefined): string | undefined {
  return reply?.type === 'failed' ? reply.failure.code : reply?.type
}

t.test('a key put through any node is read through every other', async t => {
  const cluster = new TestCluster(5)
  for (const { id } of cluster.members) {
    const wrote = cluster.call(id, cluster.put(`from ${id}`, `by ${id}`))
    t.equal(wrote?.type, 'wrote')
    if (wrote?.type === 'wrote') t.equal(wrote.outcome.primaryAcks.length, 2)
    for (const { id: other } of cluster.members) {
      t.same(valuesOf(cluster.call(other, cluster.get(`from ${id}`))), [`by ${id}`])
    }
  }
})

t.test('two puts with one context are two siblings, a put with theirs leaves one', async t => {
  const cluster = new TestCluster(5)
  const first = cluster.call('n1', cluster.put('k', 'a'))
  const context = contextOf(first)
  cluster.call('n2', cluster.put('k', 'b', { context }))
  cluster.call('n3', cluster.put('k', 'c', { context }))
  const both = cluster.call('n4', cluster.get('k'))
  t.same(valuesOf(both).sort(), ['b', 'c'])
  cluster.call('n5', cluster.put('k', 'd', { context: contextOf(both) }))
  t.same(valuesOf(cluster.call('n1', cluster.get('k'))), ['d'])
})

t.test('a writer that goes on with its own reply never piles up siblings', async t => {
  const cluster = new TestCluster(3)
  let mine = contextOf(cluster.call('n1', cluster.put('k', 'mine 0')))
  let other = contextOf(cluster.call('n1', cluster.put('k', 'other 0')))
  for (let i = 1; i <= 20; i++) {
    mine = contextOf(cluster.call('n1', cluster.put('k', `mine ${i}`, { context: mine })))
    other = contextOf(cluster.call('n1', cluster.put('k', `other ${i}`, { context: other })))
  }
  t.same(valuesOf(cluster.call('n2', cluster.get('k'))).sort(), ['mine 20', 'other 20'])
})

t.test('an ack leaves only when the copy is durable', async t => {
  const cluster = new TestCluster(3)
  cluster.ask('n1', cluster.put('k', 'v'))
  for (const letter of cluster.letters.splice(0)) cluster.deliver(letter)
  t.equal(cluster.letters.length, 0, 'no ack before the flush')
  t.equal(cluster.node('n1').replies.length, 0)
  cluster.node('n2').flush()
  t.equal(cluster.letters.length, 1, 'one ack after it')
  cluster.settle()
  t.equal(cluster.node('n1').replies[0]?.type, 'wrote')
})

t.test('a get speaks of durable state only', async t => {
  const cluster = new TestCluster(3)
  cluster.call('n1', cluster.put('k', 'old'))
  const context = contextOf(cluster.call('n1', cluster.get('k')))
  cluster.ask('n1', cluster.put('k', 'new', { context }))
  cluster.letters.length = 0
  cluster.ask('n1', cluster.get('k'))
  for (const letter of cluster.letters.splice(0)) cluster.deliver(letter)
  for (const letter of cluster.letters.splice(0)) cluster.deliver(letter)
  t.same(valuesOf(cluster.node('n1').replies.at(-1)), ['old'])
})

t.test('puts of one turn build on each other and leave as one commit', async t => {
  const cluster = new TestCluster(3)
  const node = cluster.node('n1')
  for (let i = 0; i < 10; i++) cluster.ask('n1', cluster.put('k', `v${i}`))
  node.step({ type: 'turn' })
  t.equal(node.commit?.rows.length, 1)
  cluster.ask('n1', cluster.put('k', 'later'))
  node.step({ type: 'turn' })
  t.equal(node.commit?.commit, 1, 'the next commit waits for the one under way')
  node.flush()
  cluster.settle()
  t.equal(valuesOf(cluster.call('n2', cluster.get('k'))).length, 11)
})

t.test('a mismatch is fetched and merged', async t => {
  const cluster = new TestCluster(3)
  cluster.ask('n1', cluster.put('k', 'v'))
  cluster.settle(({ to, message }) => message.type !== 'store' || to !== 'n3')
  for (const at of ['n1', 'n2', 'n3']) {
    t.same(valuesOf(cluster.call(at, cluster.get('k', 3))), ['v'], `read at ${at}`)
  }
})

t.test('a retry through any node takes effect once', async t => {
  const cluster = new TestCluster(3)
  const put = cluster.put('k', 'once')
  cluster.call('n1', put)
  const context = contextOf(cluster.call('n1', cluster.get('k')))
  const again = cluster.call('n2', { ...put, again: true })
  t.equal(again?.type, 'wrote')
  t.same(valuesOf(cluster.call('n3', cluster.get('k', 3))), ['once'])
  cluster.call('n3', cluster.put('k', 'over', { context }))
  t.equal(cluster.call('n2', { ...put, again: true })?.type, 'wrote')
  t.same(valuesOf(cluster.call('n1', cluster.get('k', 3))), ['over'])
})

t.test('a delete is a tombstone, and beside a value a visible sibling', async t => {
  const cluster = new TestCluster(3)
  const context = contextOf(cluster.call('n1', cluster.put('k', 'v')))
  cluster.call('n2', cluster.put('k', undefined, { context }))
  t.same(valuesOf(cluster.call('n3', cluster.get('k'))), [undefined])
  cluster.call('n3', cluster.put('k', 'w', { context }))
  t.same(
    valuesOf(cluster.call('n1', cluster.get('k')))
      .map(String)
      .sort(),
    ['undefined', 'w'],
  )
})

t.test('refusals are definite and write nothing', async t => {
  const cluster = new TestCluster(3)
  const foreign = contextOf(cluster.call('n1', cluster.put('other', 'v')))
  const bad = [
    [cluster.put('k', 'v', { context: foreign }), 'BAD_CONTEXT'],
    [cluster.put('k', 'v', { context: foreign.slice(1) }), 'BAD_CONTEXT'],
    [cluster.put('k', 'v', { w: 4 }), 'USAGE'],
    [cluster.put('k', 'v', { w: 0 }), 'USAGE'],
    [cluster.put('k', 'v', { timeLeft: 0 }), 'TIMEOUT'],
    [cluster.put('k', 'v', { epoch: 'another' as never }), 'STALE_VIEW'],
    [cluster.put('k', 'x'.repeat(1024 * 1024 + 1)), 'TOO_LARGE'],
    [cluster.put('k', 'v', { op: '\xff'.repeat(12) as never }), 'USAGE'],
  ] as const
  const size = cluster.node('n1').disk.size
  for (const [request, code] of bad) {
    const reply = cluster.call('n1', request)
    t.equal(codeOf(reply), code)
    if (reply?.type === 'failed') t.equal(reply.failure.outcome.definite, true)
  }
  t.equal(cluster.node('n1').disk.size, size)
  t.equal(cluster.node('n1').replica.observe().coordinating, 0)
})

t.test('a full disk refuses puts, and still takes deletes, copies and gets', async t => {
  const cluster = new TestCluster(3)
  const context = contextOf(cluster.call('n1', cluster.put('k', 'v')))
  cluster.node('n1').step({ type: 'disk', full: true })
  t.equal(codeOf(cluster.call('n1', cluster.put('k', 'w', { context }))), 'STORE_FULL')
  t.equal(codeOf(cluster.call('n2', cluster.put('k2', 'w', { w: 3 }))), 'wrote')
  t.equal(codeOf(cluster.call('n1', cluster.put('k', undefined, { context }))), 'wrote')
  t.equal(codeOf(cluster.call('n1', cluster.get('k'))), 'got')
})

t.test('client puts make at most 64 siblings; a merge is never refused', async t => {
  const cluster = new TestCluster(3)
  for (let i = 0; i < 64; i++) cluster.call('n1', cluster.put('k', `v${i}`))
  t.equal(codeOf(cluster.call('n1', cluster.put('k', 'one more'))), 'SIBLING_LIMIT')
  const context = contextOf(cluster.call('n1', cluster.get('k')))
  t.equal(codeOf(cluster.call('n1', cluster.put('k', 'settled', { context }))), 'wrote')
  t.same(valuesOf(cluster.call('n1', cluster.get('k'))), ['settled'])
})

t.test('below the quorum: a put refused at once is definite, one begun is not', async t => {
  const cluster = new TestCluster(3)
  const n1 = cluster.node('n1')
  cluster.ask('n1', cluster.put('k', 'v', { w: 3 }))
  n1.step({ type: 'disconnected', node: 'n3' as never })
  const begun = n1.replies.at(-1)
  t.equal(codeOf(begun), 'QUORUM')
  if (begun?.type === 'failed') t.equal(begun.failure.outcome.definite, false)
  cluster.settle()
  const refused = cluster.call('n1', cluster.put('k', 'v', { w: 3 }))
  t.equal(codeOf(refused), 'QUORUM')
  if (refused?.type === 'failed') t.equal(refused.failure.outcome.definite, true)
  t.equal(codeOf(cluster.call('n1', cluster.get('k', 3))), 'QUORUM')
  t.equal(codeOf(cluster.call('n1', cluster.get('k', 2))), 'got')
})

t.test('every request ends by its deadline and leaves nothing behind', async t => {
  const cluster = new TestCluster(5)
  const owned = cluster.keyAt('n1', true)
  const foreign = cluster.keyAt('n1', false)
  cluster.ask('n1', cluster.put(owned, 'v'))
  cluster.ask('n1', cluster.put(foreign, 'v'))
  cluster.ask('n1', cluster.get(owned))
  cluster.ask('n1', cluster.get(foreign))
  cluster.settle(() => false)
  cluster.pass(5001)
  t.same(cluster.node('n1').replies.map(codeOf), ['TIMEOUT', 'TIMEOUT', 'TIMEOUT', 'TIMEOUT'])
  t.equal(cluster.node('n1').replica.observe().coordinating, 0)
})

t.test('a commit in doubt ends the process', async t => {
  const cluster = new TestCluster(3)
  const node = cluster.node('n1')
  cluster.ask('n1', cluster.put('k', 'v'))
  node.step({ type: 'turn' })
  node.step({ type: 'stored', commit: node.commit!.commit, result: 'unknown' })
  t.equal(node.halted, true)
  t.equal(node.replies.length, 0)
})

t.test('pages of keys hold every live key once, in token order', async t => {
  const cluster = new TestCluster(5)
  const put = new Set<string>()
  for (let i = 0; i < 200; i++) {
    put.add(`key ${i}`)
    cluster.call('n1', cluster.put(`key ${i}`, 'v'))
  }
  const gone = contextOf(cluster.call('n1', cluster.get('key 7')))
  cluster.call('n1', cluster.put('key 7', undefined, { context: gone }))
  put.delete('key 7')
  const seen: string[] = []
  let after: string | undefined = ''
  for (let pages = 0; after !== undefined && pages < 100; pages++) {
    const { epoch } = cluster
    const page = cluster.call('n2', {
      type: 'scan',
      id: 3,
      epoch,
      timeLeft: 5000,
      prefix: '',
      after,
      limit: 17,
    })
    if (page?.type !== 'page') throw new Error(JSON.stringify(page))
    seen.push(...page.keys)
    after = page.cursor
  }
  t.equal(seen.length, put.size)
  t.same(new Set(seen), put)
})

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
