import t from 'tap'
import type { KeysListed } from '../../src/core/message.ts'
import { TestCluster } from '../helpers/replicas.ts'

/** What one node lists for its own pages. */
function listAt(cluster: TestCluster, after: string, prefix: string, limit: number): KeysListed {
  const { epoch } = cluster
  const message = { type: 'list', id: 1, epoch, timeLeft: 1, after, prefix, limit } as const
  cluster.node('n1').step({ type: 'message', from: 'n2' as never, message })
  const answer = cluster.letters.splice(0)[0]?.message
  if (answer?.type !== 'listed') throw new Error('no list')
  return answer
}

t.test('only owned keys, in order, tombstones as not live', async t => {
  const cluster = new TestCluster(5)
  const owned: string[] = []
  for (let i = 0; i < 60; i++) {
    cluster.call('n2', cluster.put(`k${i}`, i % 5 === 0 ? undefined : 'v', { w: 3 }))
    if (cluster.primaries(`k${i}`).includes('n1')) owned.push(`k${i}`)
  }
  const all = listAt(cluster, '', '', 1000)
  t.equal(all.upTo, undefined)
  t.same(all.rows.map(({ key }) => key).sort(), owned.sort())
  const places = all.rows.map(({ token, key }) => token + key)
  t.same(places, [...places].sort())
  for (const { key, live } of all.rows) t.equal(live, Number(key.slice(1)) % 5 !== 0)
})

t.test('stops at its limit and goes on behind it; a prefix leaves the rest out', async t => {
  const cluster = new TestCluster(3)
  for (let i = 0; i < 300; i++) cluster.call('n2', cluster.put(`${i % 2}:${i}`, 'v', { w: 3 }))
  const seen: string[] = []
  let after: string | undefined = ''
  while (after !== undefined) {
    const page: KeysListed = listAt(cluster, after, '1:', 40)
    t.ok(page.rows.length <= 40)
    seen.push(...page.rows.map(({ key }) => key))
    after = page.upTo
  }
  t.equal(seen.length, 150)
  t.equal(new Set(seen).size, 150)
  t.ok(seen.every(key => key.startsWith('1:')))
})
