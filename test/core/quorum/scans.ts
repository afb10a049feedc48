import t from 'tap'
import type { NodeId } from '../../../src/core/ids.ts'
import type { ScanRequest } from '../../../src/core/listing-message.ts'
import { codeOf, contextOf, live, TestCluster } from '../../helpers/replicas.ts'

t.test('pages of keys hold every live key once, in token order', async t => {
  const cluster = new TestCluster(5)
  live(cluster, 500)
  const put = new Set<string>()
  for (let i = 0; i < 200; i++) {
    put.add(`key ${i}`)
    cluster.call('n1', cluster.put(`key ${i}`, 'v'))
  }
  const gone = contextOf(cluster.call('n1', cluster.get('key 7')))
  cluster.call('n1', cluster.put('key 7', undefined, { context: gone }))
  put.delete('key 7')
  const seen: string[] = []
  let after: string | undefined = ''
  for (let pages = 0; after !== undefined && pages < 100; pages++) {
    const { epoch } = cluster
    const page = cluster.call('n2', {
      type: 'scan',
      id: 3,
      epoch,
      timeLeft: 5000,
      prefix: '',
      after,
      limit: 17,
      partial: false,
    })
    if (page?.type !== 'page') throw new Error(JSON.stringify(page))
    seen.push(...page.keys)
    after = page.cursor
  }
  t.equal(seen.length, put.size)
  t.same(new Set(seen), put)
})

const scan = (cluster: TestCluster, more: Partial<ScanRequest> = {}): ScanRequest => {
  const { epoch } = cluster
  const page = { prefix: '', after: '', limit: 1000, partial: false }
  return { type: 'scan', id: 3, epoch, timeLeft: 5000, ...page, ...more }
}

function allKeys(cluster: TestCluster, at: string, more: Partial<ScanRequest> = {}) {
  const keys: string[] = []
  let pages = 0
  for (let after: string | undefined = ''; after !== undefined; pages++) {
    const page = cluster.call(at, scan(cluster, { after, ...more }))
    if (page?.type !== 'page') return codeOf(page)
    keys.push(...page.keys)
    after = page.cursor
  }
  return { keys, pages }
}

t.test('a deleted key is not listed while one replica has not heard of it', async t => {
  const cluster = new TestCluster(3)
  live(cluster, 500)
  const context = contextOf(cluster.call('n1', cluster.put('k', 'v', { w: 3 })))
  cluster.ask('n1', cluster.put('k', undefined, { context }))
  cluster.settle(({ to, message }) => to !== 'n3' || message.type !== 'store')
  for (const { id } of cluster.nodes) t.same(allKeys(cluster, id), { keys: [], pages: 1 }, id)
})

t.test(
  'a store that is not whole does not count: short of a quorum it fails, or says so',
  async t => {
    const cluster = new TestCluster(3)
    live(cluster, 500)
    for (const node of cluster.nodes) {
      for (const { id } of cluster.members)
        if (id === 'n1') node.step({ type: 'disconnected', node: id })
    }
    cluster.ask('n2', cluster.put('order', 'v', { strict: true }))
    cluster.settle(({ from, to }) => from !== 'n1' && to !== 'n1')
    t.equal(cluster.node('n2').replies.at(-1)?.type, 'wrote')
    // The one other that has it is away when n1 is back.
    cluster.node('n3').wipe()
    const without2 = ({ from, to }: { from: string; to: string }) => from !== 'n2' && to !== 'n2'
    for (const [node, other] of [
      ['n1', 'n3'],
      ['n3', 'n1'],
    ] as const) {
      cluster.node(node).step({ type: 'disconnected', node: 'n2' as NodeId })
      cluster.node(node).step({ type: 'connected', node: other as NodeId })
    }
    live(cluster, 3000, without2)
    const ask = (more: Partial<ScanRequest> = {}) => {
      cluster.ask('n1', scan(cluster, more))
      cluster.settle(without2)
      return cluster.node('n1').replies.at(-1)
    }
    const failed = ask()
    t.equal(codeOf(failed), 'QUORUM')
    t.match(failed, {
      failure: { message: /16 partitions .* no answer from n2; not whole yet: n3/ },
    })
    t.match(ask({ partial: true }), { type: 'page', keys: [], missing: { partitions: 16 } })
  },
)

t.test('over many tombstones a page of two keys costs what a page of a thousand costs', async t => {
  const cluster = new TestCluster(3)
  live(cluster, 500)
  for (let i = 0; i < 600; i++) {
    const context = contextOf(cluster.call('n1', cluster.put(`k${i}`, 'v', { w: 3 })))
    if (i > 0) cluster.call('n1', cluster.put(`k${i}`, undefined, { w: 3, context }))
  }
  t.same(allKeys(cluster, 'n2'), { keys: ['k0'], pages: 1 })
  t.same(allKeys(cluster, 'n2', { limit: 2 }), { keys: ['k0'], pages: 1 })
})

t.test('only the owners of the partitions of a page are asked', async t => {
  const cluster = new TestCluster(12)
  live(cluster, 500)
  // So many rows that a page is about one partition.
  const { ring } = cluster.node('n1').replica.placement
  const at = cluster.node('n1')
  const owned = ring.lists.findIndex(list => list.includes('n1' as NodeId))
  const rows = { count: 5000 }
  Object.defineProperty(at.replica.tree.subtrees, 'all', { value: [[owned, rows]] })
  const asked = new Set<string>()
  cluster.ask('n1', scan(cluster))
  cluster.settle(({ to, message }) => {
    if (message.type === 'list') asked.add(to)
    return true
  })
  const others = ring.lists[0]?.filter(node => node !== 'n1')
  t.same([...asked].sort(), [...(others ?? [])].sort())
  t.match(at.replies.at(-1), { type: 'page', keys: [], cursor: '\x10'.padEnd(8, '\0') })
})
