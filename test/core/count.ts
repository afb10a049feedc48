import t from 'tap'
import { countPage } from '../../src/core/count.ts'
import type { RowKey } from '../../src/core/step.ts'
import { nodeHash } from '../../src/node/hash.ts'
import { contextOf, TestCluster } from '../helpers/replicas.ts'

t.test('keys, tombstones, siblings, damage; a page at a time', async t => {
  const cluster = new TestCluster(3, { readRepair: 'off' })
  for (let i = 0; i < 700; i++) cluster.call('n1', cluster.put(`k${i}`, 'value'))
  const context = contextOf(cluster.call('n1', cluster.get('k1')))
  cluster.call('n1', cluster.put('k1', undefined, { context }))
  cluster.call('n2', cluster.put('k2', 'beside'))
  const { disk } = cluster.node('n1')
  const reads = {
    get: (row: RowKey) => disk.get(row),
    range: (from: RowKey, to: RowKey, limit: number) =>
      [...disk]
        .filter(([key]) => key > from && key < to)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .slice(0, limit)
        .map(([key, value]) => ({ key, value })),
  }
  const [victim] = [...disk.keys()].filter(key => key.endsWith('k9'))
  disk.set(
    victim!,
    disk.get(victim!)!.map((byte, i) => (i === 40 ? byte ^ 1 : byte)),
  )
  const total = { keys: 0, tombstones: 0, siblings: 0, damaged: 0, bytes: 0, tombstoneBytes: 0 }
  let pages = 0
  for (let after: string | undefined = ''; after !== undefined; pages++) {
    const page = countPage(nodeHash, reads, after)
    for (const field of Object.keys(total) as (keyof typeof total)[]) total[field] += page[field]
    after = page.next
  }
  t.match(total, { keys: 698, tombstones: 1, siblings: 1, damaged: 1 })
  t.equal(pages, 2)
  t.ok(total.tombstoneBytes > 50 && total.tombstoneBytes < total.bytes / 300)
  const reply = cluster.call('n1', { type: 'count', id: 7, after: '' })
  t.match(reply, { type: 'counts-are', id: 7, node: 'n1', next: /./ })
})
