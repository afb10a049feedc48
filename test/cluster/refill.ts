/** A node of real processes whose disk is lost gets everything back, and says when it is whole. */
import t from 'tap'
import { type Client, connect } from '../../src/client/index.ts'
import type { InspectReply } from '../../src/core/message.ts'
import { LocalClusters } from '../helpers/local-clusters.ts'

const records = 3000
const keyOf = (i: number) => `record-${i}`

/** The keys that this node owns, each with what its replicas hold. */
async function ownedBy(client: Client, node: string): Promise<readonly InspectReply[]> {
  const owned: InspectReply[] = []
  for (let from = 0; from < records; from += 64) {
    const some = Array.from({ length: Math.min(64, records - from) }, (_, i) => keyOf(from + i))
    const replies = await Promise.all(some.map(key => client.inspect(key, { timeoutMs: 10_000 })))
    owned.push(...replies.filter(({ replicas }) => replicas.some(one => one.node === node)))
  }
  return owned
}

t.test('kv node wipe --start: refilled, whole, and equal to the others', async t => {
  const clusters = await LocalClusters.make(t)
  await clusters.up('demo', '-n', '5')
  const client = await connect({ cluster: clusters.directory('demo') })
  t.teardown(() => client.close())
  let next = 0
  const lane = async () => {
    while (next < records) await client.put(keyOf(next++), 'v'.repeat(100), { timeoutMs: 20_000 })
  }
  await Promise.all(Array.from({ length: 64 }, lane))
  for (let i = 0; i < 50; i++) await client.put(keyOf(i), 'changed', { timeoutMs: 10_000 })

  t.match(await clusters.kv(['node', 'wipe', 'n3', '--start']), { exit: 0 })
  const isWhole = async () => (await client.wholeness('n3', {}, { timeoutMs: 10_000 })).whole
  t.equal(await isWhole(), false, 'not before one longest deadline has passed')
  while (!(await isWhole())) await new Promise(resolve => setTimeout(resolve, 250))
  const status = await clusters.json<{ nodes: readonly { name: string; whole?: boolean }[] }>([
    'cluster',
    'status',
  ])
  t.match(
    status.nodes.map(({ whole }) => whole),
    [true, true, true, true, true],
  )

  const owned = await ownedBy(client, 'n3')
  t.ok(owned.length > records / 3, `${owned.length} records`)
  const unequal = owned.filter(({ replicas }) => {
    const held = replicas.map(({ versions }) => JSON.stringify(versions.map(({ dot }) => dot)))
    return new Set(held).size !== 1 || replicas.some(({ whole }) => whole !== true)
  })
  t.same(unequal, [], 'byte for byte as far as dots tell')

  t.match(await clusters.kv(['node', 'restart', 'n3']), { exit: 0 })
  t.equal(await isWhole(), true, 'durably')
})
