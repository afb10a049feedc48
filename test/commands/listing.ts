import { join } from 'node:path'
import t from 'tap'
import { type Client, connect } from '../../src/client/index.ts'
import { startCliCluster } from '../helpers/cli-cluster.ts'

t.setTimeout(300_000)
const directory = t.testdir()
const cluster = await startCliCluster(5)
const client = await connect({ cluster: cluster.directory, timeoutMs: 20_000 })
t.teardown(async () => {
  await client.close()
  await cluster.stop()
})
const { kv } = cluster

async function pagesOf(options: Parameters<Client['keyPage']>[0]) {
  const keys: (string | Uint8Array)[] = []
  let [pages, cursor]: [number, Uint8Array | undefined] = [0, undefined]
  do {
    const page = await client.keyPage({ ...options, ...(cursor && { cursor }) })
    keys.push(...page.keys)
    cursor = page.cursor
    pages++
  } while (cursor !== undefined)
  return { keys, pages }
}

t.test('what was put is listed and what was deleted is not, in each of 60 rounds', async t => {
  const wrong: string[] = []
  for (let round = 0; round < 60; round++) {
    const names = Array.from({ length: 6 }, (_, i) => `round-${round}-${i}`)
    const puts = await Promise.all(names.map(name => client.put(name, 'v', { strict: true })))
    const remove = (from: number, to: number) =>
      Promise.all(
        names.slice(from, to).map((name, i) => {
          const { context } = puts[from + i] ?? {}
          return client.delete(name, { strict: true, ...(context && { context }) })
        }),
      )
    await remove(0, 3)
    const { keys } = await pagesOf({ prefix: `round-${round}-` })
    const kept = names.slice(3)
    if (`${[...keys].sort()}` !== `${kept}`) wrong.push(`${round}: ${[...keys].sort()}`)
    await remove(3, 6)
  }
  t.same(wrong, [])
})

t.test('over tombstones that cannot go a page of two keys is no smaller than any', async t => {
  await cluster.act('n5', 'kill')
  const names = Array.from({ length: 1500 }, (_, i) => `gone-${i}`)
  for (let i = 0; i < names.length; i += 100) {
    await Promise.all(
      names.slice(i, i + 100).map(async name => {
        const { context } = await client.put(name, 'v')
        await client.delete(name, { context })
      }),
    )
  }
  await client.put('last', 'one')
  const all = await pagesOf({})
  const few = await pagesOf({ limit: 2 })
  t.same([all.keys, few.keys], [['last'], ['last']])
  // Each node looks at no more than 2,000 rows, and none of it more than it must.
  t.ok(few.pages <= all.pages + 1, `${few.pages} pages, and ${all.pages} of 1,000`)
  t.ok(all.pages <= 3, `${all.pages} pages`)
})

t.test(
  'short of a quorum both fail and say of whom; --partial goes on and ends with 5',
  async t => {
    await cluster.act('n4', 'kill')
    await cluster.act('n3', 'kill')
    const failed = await kv(['keys', '--timeout', '3s'])
    t.equal(failed.exit, 5)
    t.match(
      failed.errors,
      /fewer than 2 whole replicas of \d+ partitions answered: no answer from n3/,
    )
    const file = join(directory, 'backup.ndjson')
    t.match(await kv(['export', file, '--timeout', '3s']), { exit: 5 })

    const listed = await kv(['keys', '--partial', '--timeout', '3s'])
    t.match(listed, {
      exit: 5,
      errors: /^kv: the list may lack keys: up to \d+ partitions without/,
    })
    const shown = await kv(['keys', '--partial', '--json', '--timeout', '3s'])
    const lines = shown.text
      .trim()
      .split('\n')
      .map(line => JSON.parse(line))
    t.equal(shown.exit, 5)
    t.match(lines.at(-1), { missing: { partitions: Number, why: /no answer from n3/, unread: 0 } })
    const exported = await kv(['export', file, '--partial', '--json', '--timeout', '3s'])
    t.equal(exported.exit, 5)
    t.match(JSON.parse(exported.text), { missing: { partitions: Number, why: String } })
  },
)
