import t from 'tap'
import { decodeCheckedObject } from '../../src/core/causality/object.ts'
import { tokenOf } from '../../src/core/hash.ts'
import type { Key, Partition } from '../../src/core/ids.ts'
import { partitionAt } from '../../src/core/listing.ts'
import type { KeysListed } from '../../src/core/listing-message.ts'
import { nodeHash } from '../../src/node/hash.ts'
import { contextOf, live, TestCluster } from '../helpers/replicas.ts'

/** What one node lists for its own pages. */
function listAt(
  cluster: TestCluster,
  after: string,
  prefix: string,
  limit: number,
  last = 15,
): KeysListed {
  const { epoch } = cluster
  const wish = { after, last: last as Partition, prefix, limit }
  const message = { type: 'list', id: 1, epoch, timeLeft: 1, ...wish } as const
  cluster.node('n1').step({ type: 'message', from: 'n2' as never, message })
  const answer = cluster.letters.splice(0)[0]?.message
  if (answer?.type !== 'listed') throw new Error('no list')
  return answer
}

t.test('only owned keys, in order, tombstones as not live', async t => {
  const cluster = new TestCluster(5)
  live(cluster, 500)
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
  for (const { key, live, object } of all.rows) {
    t.equal(live, Number(key.slice(1)) % 5 !== 0)
    const told = object && decodeCheckedObject(object)
    t.equal(told?.versions.length, 1, 'what it takes to merge it')
    t.equal(told?.versions[0]?.value.length, 0, 'and no value')
    t.equal(told?.ops.length, live ? 0 : 1)
  }
})

t.test('stops at its limit and goes on behind it; a prefix leaves the rest out', async t => {
  const cluster = new TestCluster(3)
  live(cluster, 500)
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
  const first = listAt(cluster, '', '', 1000, 3)
  t.ok(first.rows.length > 0)
  t.ok(
    first.rows.every(({ token }) => partitionAt(token, 16) <= 3),
    'not past the last partition',
  )
})

t.test('tombstones do not count to the limit of what is wanted', async t => {
  const cluster = new TestCluster(3)
  live(cluster, 500)
  for (let i = 0; i < 200; i++) {
    const put = cluster.call('n2', cluster.put(`k${i}`, 'v', { w: 3 }))
    const context = contextOf(put)
    if (i > 0) cluster.call('n2', cluster.put(`k${i}`, undefined, { w: 3, context }))
  }
  const page = listAt(cluster, '', '', 2)
  t.equal(page.upTo, undefined, 'all in one page')
  t.same(
    page.rows.filter(({ live }) => live).map(({ key }) => key),
    ['k0'],
  )
})

t.test(
  'it says for which partitions it counts: those that are its own, whole and open',
  async t => {
    const cluster = new TestCluster(5)
    const bitsOf = ({ counts }: KeysListed, from = 0) =>
      Array.from({ length: 16 - from }, (_, i) => (((counts[i >> 3] ?? 0) >> (i & 7)) & 1) === 1)
    const own = () => {
      const { ring } = cluster.node('n1').replica.placement
      return ring.lists.map(list => list.includes('n1' as never))
    }
    live(cluster, 500)
    t.same(bitsOf(listAt(cluster, '', '', 10)), own())
    t.same(bitsOf(listAt(cluster, '\x35', '', 10), 3), own().slice(3), 'from the place on')
    cluster.node('n1').wipe()
    t.same(
      bitsOf(listAt(cluster, '', '', 10)),
      own().map(() => false),
    )
  },
)

t.test('of a damaged row it says no more than that it is there', async t => {
  const cluster = new TestCluster(3)
  live(cluster, 500)
  cluster.call('n2', cluster.put('k', 'v', { w: 3 }))
  for (const [row, bytes] of cluster.node('n1').disk) if (row[0] === '\x10') bytes[20]! ^= 1
  t.match(listAt(cluster, '', '', 10).rows, [{ key: 'k', live: false, object: undefined }])
})

t.test('a step reads no more than its bytes, however small the rows before were', async t => {
  const cluster = new TestCluster(3)
  live(cluster, 500)
  const isEarly = (key: string) => tokenOf(nodeHash, key as Key) < '\x80'
  const keys = Array.from({ length: 800 }, (_, i) => `k${i}`)
  for (const key of keys.filter(isEarly)) cluster.call('n2', cluster.put(key, 'v', { w: 3 }))
  const large = keys.filter(key => !isEarly(key)).slice(0, 60)
  for (const key of large) cluster.call('n2', cluster.put(key, 'v'.repeat(200_000), { w: 3 }))
  const node = cluster.node('n1')
  let listed = 0
  for (let after: string | undefined = ''; after !== undefined; ) {
    node.bytesRead = 0
    const page: KeysListed = listAt(cluster, after, '', 1000)
    t.ok(node.bytesRead < 1_600_000, `${node.bytesRead} bytes for ${page.rows.length} keys`)
    listed += page.rows.length
    after = page.upTo
  }
  t.equal(listed, keys.filter(isEarly).length + 60)
})
