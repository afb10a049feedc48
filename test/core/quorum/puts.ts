import t from 'tap'
import type { Key, NodeId } from '../../../src/core/ids.ts'
import { entryOf } from '../../helpers/members.ts'
import { codeOf, contextOf, fullDisk, TestCluster, valuesOf } from '../../helpers/replicas.ts'
import { opOf } from '../../helpers/session-world.ts'

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

t.test('what a writer had seen stays superseded, however many newer operations came', async t => {
  const cluster = new TestCluster(3)
  cluster.call('n1', cluster.put('k', 'a'))
  cluster.ask('n1', cluster.put('k', 'b'))
  cluster.settle(({ to }) => to !== 'n2')
  let mine = contextOf(cluster.node('n1').replies.at(-1))
  for (let i = 0; i < 10; i++) {
    cluster.pass(10)
    cluster.ask('n2', cluster.put('k', `c ${i}`, { context: mine, w: 1 }))
    cluster.settle(({ from }) => from !== 'n2')
    mine = contextOf(cluster.node('n2').replies.at(-1))
  }
  cluster.call('n2', cluster.put('k', 'last', { context: mine }))
  t.same(valuesOf(cluster.call('n1', cluster.get('k', 3))).sort(), ['a', 'last'])
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
    [cluster.put('k', 'v', { op: '\xff'.repeat(12) as never }), 'OP_AHEAD'],
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

t.test('an operation id more than a day ahead: refused with the time of the node', async t => {
  const cluster = new TestCluster(3)
  const dayMs = 24 * 60 * 60 * 1000
  const put = (op: number) => cluster.put('k', 'v', { op: opOf(op) })
  const far = cluster.call('n1', put(cluster.wall + dayMs + 1))
  t.match(far, { failure: { code: 'OP_AHEAD', time: cluster.wall, outcome: { definite: true } } })
  const near = put(cluster.wall + dayMs)
  t.equal(codeOf(cluster.call('n1', near)), 'wrote')
  cluster.wall -= dayMs
  for (const { id } of cluster.members) cluster.node(id).step({ type: 'tick', wall: cluster.wall })
  const known = cluster.call('n2', { ...near, again: true })
  t.equal(codeOf(known), 'wrote', 'it is known here: no clock makes it a new one')
})

t.test('a put that did not see the highest operation of its key is told of it', async t => {
  const cluster = new TestCluster(3)
  const op = opOf(cluster.wall + 3_600_000)
  const first = cluster.call('n1', cluster.put('k', 'v', { op }))
  t.match(first, { type: 'wrote', newest: undefined }, 'its own')
  t.match(cluster.call('n1', cluster.put('k', 'w')), { type: 'wrote', newest: op })
})

t.test('a full disk refuses puts and copies, and still takes deletes and gets', async t => {
  const cluster = new TestCluster(3)
  const context = contextOf(cluster.call('n1', cluster.put('k', 'v')))
  cluster.node('n1').step(fullDisk)
  t.equal(codeOf(cluster.call('n1', cluster.put('k', 'longer', { context }))), 'STORE_FULL')
  const size = cluster.node('n1').objects
  t.equal(codeOf(cluster.call('n2', cluster.put('k2', 'w', { w: 3 }))), 'QUORUM')
  t.equal(codeOf(cluster.call('n2', cluster.put('k3', 'w'))), 'wrote')
  t.equal(cluster.node('n1').objects, size)
  cluster.pass(20)
  t.equal(cluster.node('n2').replica.observe().hints, 2, 'they wait for n1 at the coordinator')
  t.equal(codeOf(cluster.call('n1', cluster.put('k', undefined, { context }))), 'wrote')
  t.equal(codeOf(cluster.call('n1', cluster.get('k'))), 'got')
})

t.test('a full disk takes a value that is no longer than what it replaces', async t => {
  const cluster = new TestCluster(3)
  const context = contextOf(cluster.call('n1', cluster.put('k', 'value')))
  for (const { id } of cluster.members) cluster.node(id).step(fullDisk)
  const put = (value: string, more = {}) =>
    codeOf(cluster.call('n1', cluster.put('k', value, more)))
  t.equal(put('value2', { context }), 'STORE_FULL')
  t.equal(put('v'), 'STORE_FULL', 'beside it')
  t.equal(put('valu2', { context }), 'wrote')
  t.same(valuesOf(cluster.call('n2', cluster.get('k'))), ['valu2'])
})

t.test('on a full disk a second send brings what others hold at the cost of repair', async t => {
  const cluster = new TestCluster(3)
  const before = contextOf(cluster.call('n1', cluster.put('k', 'v')))
  cluster.node('n1').step(fullDisk)
  cluster.call('n2', cluster.put('k', 'other', { context: undefined }))
  const gone = cluster.put('k', undefined, { context: before })
  t.equal(codeOf(cluster.call('n2', gone)), 'wrote')
  t.equal(codeOf(cluster.call('n1', { ...gone, again: true })), 'wrote', 'n1 lacks the other value')
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

t.test('who lost a key and stands in for it issues no dot twice', async t => {
  const cluster = new TestCluster(5)
  const n1 = cluster.node('n1')
  const owned = Array.from({ length: 200 }, (_, i) => `key-${i}`).filter(key =>
    cluster.primaries(key).includes('n1'),
  )
  for (const key of owned) cluster.call('n1', cluster.put(key, 'as an owner'))
  const view = ['n2', 'n3', 'n4', 'n5'].map(id => entryOf(id, { version: 9, weight: 8 }))
  const message = { type: 'ack', id: 1, epoch: cluster.epoch, view, deltas: [] } as const
  for (const node of cluster.nodes) node.step({ type: 'message', from: 'n1' as NodeId, message })
  cluster.settle()
  const { placement } = n1.replica
  const key = owned.find(key => placement.standsIn(placement.tokenOf(key as Key))) as string
  const dots: string[] = []
  for (const value of ['x', 'y', 'z']) {
    const away = cluster.primaries(key) as NodeId[]
    for (const node of away) n1.step({ type: 'disconnected', node })
    const reply = cluster.call('n1', cluster.put(key, value, { w: 1 }))
    if (reply?.type !== 'wrote') throw new Error('not written')
    dots.push(JSON.stringify(reply.outcome.dot))
    for (const node of away) n1.step({ type: 'connected', node })
    for (let i = 0; i < 20; i++) {
      cluster.pass(100)
      cluster.settle()
    }
    t.equal(n1.replica.observe().hints, 0, 'its hint has gone home')
  }
  t.equal(new Set(dots).size, dots.length)
})
