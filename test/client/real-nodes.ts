import t from 'tap'
import type { Client, Sibling } from '../../src/client/index.ts'
import { connect, KvError } from '../../src/client/index.ts'
import { NodeCluster } from '../helpers/node-processes.ts'

const textOf = (value: Uint8Array) => Buffer.from(value).toString()

async function valuesOf(kv: Client, key: string, via?: string): Promise<string[]> {
  const entry = await kv.get(key, via === undefined ? {} : { via })
  if (!entry.found) return []
  if (!entry.conflict) return [textOf(entry.value)]
  return entry.siblings.map(sibling => (sibling.deleted ? '(deleted)' : textOf(sibling.value)))
}

t.test('five nodes in processes of their own', async t => {
  const cluster = await NodeCluster.make(t.testdir(), 5)
  t.teardown(() => cluster.end())
  await cluster.startAll()
  const kv = await connect({ cluster: cluster.directory })
  t.teardown(() => kv.close())
  const names = cluster.file.nodes.map(node => node.name)

  await t.test('what one node takes every other one shows', async t => {
    for (const via of names) await kv.put(`through ${via}`, via, { via })
    for (const via of names) {
      for (const name of names) t.same(await valuesOf(kv, `through ${name}`, via), [name])
    }
  })

  await t.test(
    'two puts with one context: two siblings; a put that saw both: one value',
    async t => {
      const { context } = await kv.put('k', 'base')
      await kv.put('k', 'tea', { context, via: 'n1' })
      await kv.put('k', 'rum', { context, via: 'n2' })
      t.same((await valuesOf(kv, 'k')).sort(), ['rum', 'tea'])
      const both = await kv.get('k')
      await kv.put('k', 'grog', { context: both.context })
      t.same(await valuesOf(kv, 'k'), ['grog'])
      const edited = Uint8Array.from(both.context)
      edited[edited.length - 1]! ^= 1
      await t.rejects(kv.put('k', 'x', { context: edited }), {
        code: 'BAD_CONTEXT',
        definite: true,
      })
      await t.rejects(kv.put('other', 'x', { context: both.context }), { code: 'BAD_CONTEXT' })
      t.same(await valuesOf(kv, 'k'), ['grog'])
    },
  )

  await t.test(
    'many loops update one key: each element is kept, and none counts from nothing',
    async t => {
      const clients = await Promise.all(
        Array.from({ length: 4 }, () => connect({ cluster: cluster.directory })),
      )
      await kv.put('contended', 'base', { w: 'all' })
      let fromNothing = 0
      const added = (word: string) => (siblings: readonly Sibling[]) => {
        if (siblings.length === 0) fromNothing++
        const words = siblings.flatMap(({ value = new Uint8Array() }) => textOf(value).split(' '))
        return [...new Set([...words, word])].join(' ')
      }
      const acknowledged: string[] = ['base']
      const loops = Array.from({ length: 40 }, async (_, loop) => {
        for (let i = 0; i < 3; i++) {
          const word = `${loop}.${i}`
          const options = { timeoutMs: 60_000 }
          await (clients[loop % 4] as Client).update('contended', added(word), options)
          acknowledged.push(word)
        }
      })
      await Promise.all(loops)
      const values = (await valuesOf(kv, 'contended')).flatMap(value => value.split(' '))
      t.same(
        acknowledged.filter(word => !values.includes(word)),
        [],
      )
      t.equal(acknowledged.length, 121)
      t.equal(fromNothing, 0)
      await Promise.all(clients.map(client => client.close()))
    },
  )

  await t.test('delete, and every byte of a value of 1 MiB', async t => {
    await kv.put('gone', 'x')
    const { context } = await kv.get('gone')
    await kv.delete('gone', { context })
    t.same(await valuesOf(kv, 'gone'), [])
    const large = Uint8Array.from({ length: 1024 * 1024 }, (_, i) => i * 31 + (i >> 8))
    await kv.put('large', large)
    const entry = await kv.get('large')
    t.ok(entry.found && !entry.conflict && Buffer.from(entry.value).equals(large))
  })

  await t.test('updates race from two clients: nothing is lost, one value is left', async t => {
    const other = await connect({ cluster: cluster.directory })
    const merge = (word: string) => (siblings: readonly { value: Uint8Array | undefined }[]) => {
      const words = siblings.flatMap(({ value }) => (value ? textOf(value).split(' ') : []))
      return [...new Set([...words, word])].sort().join(' ')
    }
    const words = Array.from({ length: 12 }, (_, i) => `w${i + 10}`)
    await Promise.all(words.map((word, i) => (i % 2 ? kv : other).update('set', merge(word))))
    await kv.update('set', merge('w10'))
    t.same(await valuesOf(kv, 'set'), [words.join(' ')])
    await other.close()
  })

  await t.test('every key is listed once', async t => {
    const wanted = Array.from({ length: 60 }, (_, i) => `list:${i}`)
    await Promise.all(wanted.map(key => kv.put(key, '')))
    const seen: unknown[] = []
    for await (const key of kv.keys({ prefix: 'list:' })) seen.push(key)
    t.same(seen.sort(), wanted.sort())
  })

  await t.test('a kill -9 under load: no call fails, no acknowledged write is lost', async t => {
    const acknowledged: string[] = []
    let next = 0
    const writer = async () => {
      while (next < 900) {
        const key = `load:${next++}`
        if (next === 300) void cluster.kill('n4', 'SIGKILL')
        await kv.put(key, key)
        acknowledged.push(key)
      }
    }
    await Promise.all(Array.from({ length: 32 }, writer))
    t.equal(acknowledged.length, 900)
    let missing = 0
    const check = async (key: string) => {
      const values = await valuesOf(kv, key)
      if (values.some(value => value !== key) || values.length === 0) missing++
    }
    await Promise.all(acknowledged.map(key => check(key)))
    t.equal(missing, 0)
    await t.rejects(kv.get('k', { via: 'n4' }), { code: 'UNREACHABLE', definite: true })
    await cluster.start('n4')
    t.same(await valuesOf(kv, 'k', 'n4'), ['grog'])
  })

  await t.test('a paused node: calls go on without it', async t => {
    cluster.running.get('n2')?.child.kill('SIGSTOP')
    const calls = Array.from({ length: 40 }, (_, i) => kv.put(`paused:${i}`, 'v'))
    const results = await Promise.allSettled(calls)
    const failures = results.filter(result => result.status === 'rejected')
    for (const { reason } of failures) t.ok(reason instanceof KvError, String(reason))
    t.equal(failures.length, 0)
    cluster.running.get('n2')?.child.kill('SIGCONT')
  })
})
