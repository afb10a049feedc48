import { Socket } from 'node:net'
import t, { type Test } from 'tap'
import type { Client } from '../../src/client/client.ts'
import { connect, type Entry, type Found, KvError } from '../../src/client/index.ts'
import type { PutRequest } from '../../src/core/message.ts'
import { writeSecret } from '../helpers/cluster-files.ts'
import { FakeCluster } from '../helpers/fake-cluster.ts'
import { failureOf } from '../helpers/session-world.ts'

async function connected(t: Test, seed = 1): Promise<{ cluster: FakeCluster; kv: Client }> {
  const cluster = await FakeCluster.start(['n1', 'n2', 'n3'], seed)
  const credential = writeSecret(cluster, `${t.testdir()}/secret.json`)
  const kv = await connect({ seeds: cluster.seeds, credential })
  t.teardown(async () => {
    await kv.close()
    await cluster.close()
  })
  return { cluster, kv }
}

const puts = (cluster: FakeCluster) => cluster.asked('put') as PutRequest[]
const text = (bytes: Uint8Array | undefined) => bytes && Buffer.from(bytes).toString()

function found(entry: Entry): Found {
  if (entry.found && !entry.conflict) return entry
  throw new Error('not one value')
}

t.test('put, get, delete: each says what is there, and the context is carried', async t => {
  const { cluster, kv } = await connected(t)
  const empty = await kv.get('cart:7')
  t.equal(empty.found, false)
  const put = await kv.put('cart:7', 'milk', { context: empty.context })
  t.equal(put.siblings, 0)
  t.equal(put.outcome.op?.length, 12)
  const entry = found(await kv.get('cart:7'))
  t.equal(text(entry.value), 'milk')
  t.same(entry.outcome.primaryAcks.length, 1)
  await kv.delete('cart:7', { context: entry.context })
  const gone = await kv.get('cart:7')
  t.equal(gone.found, false, 'only a tombstone is not found')
  t.ok(gone.context.length > 0, 'with its context')
  t.same(puts(cluster).at(-1)?.context, entry.context)
})

t.test(
  'two puts with the same context are siblings; a tombstone beside a value is one',
  async t => {
    const { kv } = await connected(t)
    const { context } = await kv.put('k', 'one')
    await kv.put('k', 'two', { context })
    await kv.delete('k', { context })
    const entry = await kv.get('k')
    if (!entry.found || !entry.conflict) throw new Error('no conflict')
    t.same(
      entry.siblings.map(sibling => [sibling.deleted, text(sibling.value)]),
      [
        [false, 'two'],
        [true, undefined],
      ],
    )
    await kv.put('k', 'settled', { context: entry.context })
    t.match(await kv.get('k'), { found: true, conflict: false })
  },
)

t.test('values and keys go byte for byte', async t => {
  const { kv } = await connected(t)
  const every = Uint8Array.from({ length: 256 }, (_, i) => i)
  await kv.put(every, every)
  const entry = found(await kv.get(every))
  t.same(new Uint8Array(entry.value), every)
  await kv.put('empty', '')
  t.match(await kv.get('empty'), { found: true, conflict: false, value: { length: 0 } })
})

t.test('keys are listed page by page, as text where they are text', async t => {
  const { cluster, kv } = await connected(t)
  const odd = Uint8Array.of(0x61, 0xff)
  for (const key of ['a', 'b:1', 'b:é', 'c']) await kv.put(key, '')
  await kv.put(odd, '')
  const all: (string | Uint8Array)[] = []
  for await (const key of kv.keys()) all.push(key)
  t.same(all, ['a', odd, 'b:1', 'b:é', 'c'])
  t.equal(cluster.asked('scan').length, 3)
  const some: unknown[] = []
  for await (const key of kv.keys({ prefix: 'b:' })) some.push(key)
  t.same(some, ['b:1', 'b:é'])
  const before = cluster.asked('scan').length
  for await (const key of kv.keys()) {
    t.equal(key, 'a')
    break
  }
  t.equal(cluster.asked('scan').length, before + 1, 'no page that nobody wants')
  const aborted = kv.keys({ signal: AbortSignal.abort() })
  await t.rejects(aborted.next(), { code: 'CANCELLED' })
})

t.test('view, status, inspect', async t => {
  const { kv } = await connected(t)
  t.equal((await kv.view()).members.length, 3)
  t.equal((await kv.status('n2')).node, 'n2')
  t.match(await kv.inspect('k'), { type: 'inspected', replicas: [] })
  await t.rejects(kv.status('n9'), { code: 'UNKNOWN_NODE', definite: true })
  await t.rejects(kv.status('No Name'), { code: 'UNKNOWN_NODE' })
})

t.test('a mistake is found before anything is sent', async t => {
  const { cluster, kv } = await connected(t)
  const before = cluster.log.length
  const cases: [Promise<unknown>, string][] = [
    [kv.get(''), 'USAGE'],
    [kv.get('x'.repeat(1025)), 'TOO_LARGE'],
    [kv.put('k', new Uint8Array(1024 * 1024 + 1)), 'TOO_LARGE'],
    [kv.get('k', { r: 0 }), 'USAGE'],
    [kv.get('k', { r: 4 }), 'USAGE'],
    [kv.put('k', '', { w: 1.5 }), 'USAGE'],
    [kv.get('k', { timeoutMs: 0 }), 'USAGE'],
    [kv.get('k', { timeoutMs: Number.NaN }), 'USAGE'],
    [kv.put('k', '', { op: 'short' as PutRequest['op'] }), 'USAGE'],
    [kv.keys({ prefix: 'x'.repeat(1025) }).next(), 'TOO_LARGE'],
  ]
  for (const [call, code] of cases) {
    await t.rejects(call, { name: 'KvError', code, definite: true })
  }
  t.equal(cluster.log.length, before)
  await kv.put('k', new Uint8Array(1024 * 1024))
  await kv.get('x'.repeat(1024), { r: 'all' })
  t.match(cluster.log.at(-1), { request: { r: 3 } })
})

t.test('a node that dies in the middle of a put: another one, the same operation', async t => {
  const { cluster, kv } = await connected(t)
  await kv.get('k')
  let drops = 0
  cluster.behaviour = request => (request.type === 'put' && drops++ === 0 ? 'drop' : 'usual')
  await kv.put('k', 'v')
  const [first, second] = puts(cluster)
  t.equal(first?.again, false)
  t.equal(second?.again, true)
  t.equal(second?.op, first?.op)
  t.match(await kv.get('k'), { found: true, conflict: false })
})

t.test('a node that says nothing: another one within the deadline', async t => {
  const { cluster, kv } = await connected(t)
  const silent = new Set<string>()
  cluster.behaviour = (request, name) => {
    if (request.type === 'put' && silent.size === 0) silent.add(name)
    return silent.has(name) ? 'silent' : 'usual'
  }
  await kv.put('k', 'v', { timeoutMs: 1000 })
  t.equal(new Set(cluster.log.filter(one => one.request.type === 'put')).size, 2)
})

t.test('nobody answers a put: TIMEOUT, not definite, with the operation id to go on', async t => {
  const { cluster, kv } = await connected(t)
  cluster.behaviour = request => (request.type === 'put' ? 'silent' : 'usual')
  const error = await kv.put('k', 'v', { timeoutMs: 150 }).catch((problem: unknown) => problem)
  if (!(error instanceof KvError)) throw new Error('no KvError')
  t.match(error, { code: 'TIMEOUT', definite: false, outcome: { needed: 2 } })
  cluster.behaviour = () => 'usual'
  const { op } = error.outcome
  if (op === undefined) throw new Error('no operation id')
  const again = await kv.put('k', 'v', { op })
  t.equal(again.outcome.op, op)
  t.equal(puts(cluster).at(-1)?.again, true)
})

t.test('a failure of a node keeps its code and its outcome', async t => {
  const { cluster, kv } = await connected(t)
  cluster.behaviour = ({ id, type }) =>
    type === 'put'
      ? { type: 'failed', id, failure: failureOf('BAD_CONTEXT'), explained: undefined }
      : 'usual'
  await t.rejects(kv.put('k', 'v'), { code: 'BAD_CONTEXT', definite: true })
})

t.test('via pins the node', async t => {
  const { cluster, kv } = await connected(t)
  for (const via of ['n1', 'n2', 'n3']) {
    await kv.put('k', 'v', { via })
    t.match(cluster.log.at(-1), { name: via, request: { type: 'put' } })
  }
  await cluster.stopNode('n2')
  await t.rejects(kv.get('k', { via: 'n2' }), { code: 'UNREACHABLE', definite: true })
  await kv.get('k')
  await cluster.startNode('n2')
  await kv.get('k', { via: 'n2' })
})

t.test('abort settles at once and is not undo', async t => {
  const { cluster, kv } = await connected(t)
  const early = kv.put('k', 'v', { signal: AbortSignal.abort('changed my mind') })
  await t.rejects(early, { code: 'CANCELLED', definite: true, cause: 'changed my mind' })
  const before = puts(cluster).length
  t.equal(before, 0)
  const controller = new AbortController()
  cluster.behaviour = request => {
    if (request.type !== 'put') return 'usual'
    setImmediate(() => controller.abort())
    return 'silent'
  }
  const late = kv.put('k', 'v', { signal: controller.signal })
  await t.rejects(late, { code: 'CANCELLED', definite: false })
})

t.test('close cancels what is in flight, twice if asked, and leaves no socket', async t => {
  const { cluster, kv } = await connected(t)
  cluster.behaviour = request => (request.type === 'view' ? 'usual' : 'silent')
  const put = kv.put('k', 'v')
  const asserted = t.rejects(put, { code: 'CANCELLED' })
  await Promise.all([kv.close(), kv.close()])
  await asserted
  await kv.close()
  await kv[Symbol.asyncDispose]()
  await t.rejects(kv.get('k'), { code: 'USAGE', definite: true })
  await new Promise(resolve => setTimeout(resolve, 50))
  t.equal(cluster.sockets.size, 0)
})

t.test('one call too many fails as BUSY at once', async t => {
  const cluster = await FakeCluster.start()
  const credential = writeSecret(cluster, `${t.testdir()}/secret.json`)
  const kv = await connect({ seeds: cluster.seeds, credential, maxInFlight: 2 })
  cluster.behaviour = () => 'silent'
  const two = [kv.get('a'), kv.get('b')].map(call => t.rejects(call, { code: 'CANCELLED' }))
  await t.rejects(kv.get('c'), { code: 'BUSY', definite: true })
  await kv.close()
  await Promise.all(two)
  await cluster.close()
})

t.test('many calls in one turn leave in one write for each node', async t => {
  const { cluster, kv } = await connected(t)
  for (const via of ['n1', 'n2', 'n3']) await kv.get('k', { via })
  // Counts, and lets every write through.
  const calls = t.capture(Socket.prototype, 'write', Socket.prototype.write)
  await Promise.all(Array.from({ length: 200 }, (_, i) => kv.put(`k${i}`, 'v')))
  const writes = calls().length
  t.equal(cluster.rows.size, 200)
  t.ok(writes > 0 && writes <= 12, `${writes} writes, those of the nodes among them`)
})
