import t, { type Test } from 'tap'
import { connect, type Sibling } from '../../src/client/index.ts'
import type { ClientRequest, PutRequest } from '../../src/core/message.ts'
import type { Code } from '../../src/core/outcome.ts'
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

function failing(fails: (request: ClientRequest) => boolean, code: Code = 'QUORUM') {
  return (request: ClientRequest) => {
    if (!fails(request)) return 'usual'
    const failure = failureOf(code)
    return { type: 'failed', id: request.id, failure, explained: undefined } as const
  }
}

/** One that one replica could answer. */
function isShortRead(request: ClientRequest): boolean {
  return request.type === 'get' && request.r === undefined
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
  cluster.behaviour = failing(isShortRead)
  t.match(await kv.update('k', withWord('b')), { written: true, partialRead: true })
  t.same((cluster.asked('put').at(-1) as PutRequest).context, context)
})

t.test('nobody tells what the key holds: fails for certain, and computes nothing', async t => {
  const { cluster, kv } = await connected(t)
  await kv.put('k', 'a')
  const shapes = {
    QUORUM: failing(({ type }) => type === 'get'),
    TIMEOUT: ({ type }: ClientRequest) => (type === 'get' ? 'silent' : 'usual'),
  } as const
  for (const [code, behaviour] of Object.entries(shapes)) {
    cluster.behaviour = behaviour
    let computed = 0
    const compute = () => `computed ${++computed} times`
    const update = kv.update('k', compute, { timeoutMs: 300 })
    await t.rejects(update, { code, definite: true })
    t.equal(computed, 0, code)
  }
  cluster.behaviour = failing(isShortRead)
  await t.rejects(kv.update('of which one replica has nothing', withWord('b')), {
    code: 'QUORUM',
    definite: true,
  })
  t.equal(cluster.asked('put').length, 1)
})

t.test('ends by its deadline, whatever does not answer', async t => {
  const { cluster, kv } = await connected(t)
  await kv.put('k', 'a')
  for (const silent of [['get'], ['put'], ['get', 'put']]) {
    cluster.behaviour = ({ type }) => (silent.includes(type) ? 'silent' : 'usual')
    const begun = cluster.log.length
    await t.rejects(kv.update('k', withWord('b'), { timeoutMs: 200 }), { code: 'TIMEOUT' })
    const times = cluster.log
      .slice(begun)
      .map(({ request: one }) => ('timeLeft' in one ? one.timeLeft : 0))
    t.ok(times.length > 0 && times.every(ms => ms <= 200), `${times} ms were left`)
  }
})

t.test('too many siblings: merged and written, by the same call', async t => {
  for (const code of ['SIBLING_LIMIT', 'RETRY_EXPIRED'] as const) {
    const { cluster, kv } = await connected(t)
    await kv.put('k', 'a')
    await kv.put('k', 'b')
    let refused = 0
    cluster.behaviour = failing(({ type }) => type === 'put' && refused++ < 3, code)
    t.match(await kv.update('k', withWord('c')), { written: true })
    t.equal(refused, 4, code)
    t.equal(await wordsOf(kv), 'a b c')
  }
})

t.test('too many siblings to the end: fails in time, and says what may have happened', async t => {
  const { cluster, kv } = await connected(t)
  await kv.put('k', 'a')
  cluster.behaviour = failing(({ type }) => type === 'put', 'SIBLING_LIMIT')
  const options = { timeoutMs: 200 }
  await t.rejects(kv.update('k', withWord('b'), options), {
    code: 'SIBLING_LIMIT',
    definite: true,
  })
  let puts = 0
  cluster.behaviour = request => {
    if (request.type !== 'put') return 'usual'
    const failure = puts++ === 0 ? failureOf('RETRY_EXPIRED', false) : failureOf('SIBLING_LIMIT')
    return { type: 'failed', id: request.id, failure, explained: undefined }
  }
  await t.rejects(kv.update('k', withWord('b'), options), {
    code: 'RETRY_EXPIRED',
    definite: false,
  })
  t.ok(puts > 1)
})

t.test('updates of one key at the same time take turns: nobody makes siblings', async t => {
  const { cluster, kv } = await connected(t)
  const words = Array.from({ length: 50 }, (_, i) => `w${i}`)
  await Promise.all(words.map(word => kv.update('k', withWord(word))))
  t.equal(cluster.asked('put').length, 50, 'each wrote once')
  t.equal(await wordsOf(kv), [...words].sort().join(' '))
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
