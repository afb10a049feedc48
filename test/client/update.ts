import t, { type Test } from 'tap'
import { connect, type Sibling } from '../../src/client/index.ts'
import type { GetRequest, PutRequest } from '../../src/core/message.ts'
import { writeSecret } from '../helpers/cluster-files.ts'
import { FakeCluster } from '../helpers/fake-cluster.ts'
import { failureOf } from '../helpers/session-world.ts'

async function connected(test: Test) {
  const cluster = await FakeCluster.start()
  const credential = writeSecret(cluster, `${test.testdir()}/secret.json`)
  const kv = await connect({ seeds: cluster.seeds, credential })
  test.teardown(async () => {
    await kv.close()
    await cluster.close()
  })
  return { cluster, kv }
}

/** Words of all siblings, each once: a merge. */
function withWord(word: string) {
  return (siblings: readonly Sibling[]) => {
    const words = siblings.flatMap(({ value }) =>
      Buffer.from(value ?? [])
        .toString()
        .split(' '),
    )
    return [...new Set([...words, word])].filter(Boolean).sort().join(' ')
  }
}

async function wordsOf(kv: { get: (key: string) => Promise<unknown> }): Promise<string> {
  const entry = (await kv.get('k')) as { value?: Uint8Array }
  return Buffer.from(entry.value ?? []).toString()
}

t.test('reads, computes, and writes with the context of what was read', async t => {
  const { cluster, kv } = await connected(t)
  t.match(await kv.update('k', withWord('a')), { written: true, partialRead: false, siblings: 0 })
  await kv.update('k', withWord('b'))
  t.equal(await wordsOf(kv), 'a b')
  t.match(await kv.update('k', () => undefined), { written: false })
  t.equal(cluster.asked('put').length, 2)
})

t.test('settles a conflict that it finds', async t => {
  const { kv } = await connected(t)
  await kv.put('k', 'x')
  await kv.put('k', 'y')
  await kv.update('k', withWord('z'))
  t.equal(await wordsOf(kv), 'x y z')
})

t.test('a write that lands between read and write is merged, not lost', async t => {
  const { kv } = await connected(t)
  let calls = 0
  const result = await kv.update('k', siblings => {
    calls++
    if (calls === 1) void kv.put('k', 'other')
    return withWord('mine')(siblings)
  })
  t.equal(calls, 2)
  t.match(result, { written: true, siblings: 0 })
  t.equal(await wordsOf(kv), 'mine other')
})

t.test('many updates at once: no word is lost, and one value is left', async t => {
  const { kv } = await connected(t)
  const words = Array.from({ length: 8 }, (_, i) => `w${i}`)
  await Promise.all(words.map(word => kv.update('k', withWord(word))))
  await kv.update('k', withWord('w0'))
  t.equal(await wordsOf(kv), words.join(' '))
})

t.test('fewer replicas than R answer: writes with what did, and says so', async t => {
  const { cluster, kv } = await connected(t)
  const { context } = await kv.put('k', 'a')
  cluster.behaviour = request => {
    const short = request.type === 'get' && (request as GetRequest).r === undefined
    return short
      ? { type: 'failed', id: request.id, failure: failureOf('QUORUM'), explained: undefined }
      : 'usual'
  }
  t.match(await kv.update('k', withWord('b')), { written: true, partialRead: true })
  t.same((cluster.asked('put').at(-1) as PutRequest).context, context)
  cluster.behaviour = request =>
    request.type === 'get'
      ? { type: 'failed', id: request.id, failure: failureOf('QUORUM'), explained: undefined }
      : 'usual'
  t.match(await kv.update('k', withWord('c')), { written: true, partialRead: true, siblings: 1 })
  t.equal((cluster.asked('put').at(-1) as PutRequest).context, undefined)
})

t.test('what the caller throws, and what is no lack of replicas, comes through', async t => {
  const { cluster, kv } = await connected(t)
  const own = new Error('mine')
  const throwing = kv.update('k', () => {
    throw own
  })
  await t.rejects(throwing, own)
  const signal = AbortSignal.abort()
  await t.rejects(kv.update('k', withWord('a'), { signal }), { code: 'CANCELLED' })
  cluster.behaviour = ({ id }) => ({
    type: 'failed',
    id,
    failure: failureOf('BAD_CONTEXT'),
    explained: undefined,
  })
  await t.rejects(kv.update('k', withWord('a')), { code: 'BAD_CONTEXT' })
  t.equal(cluster.rows.size, 0)
})
