import t from 'tap'
import type { NodeId } from '../../../src/core/ids.ts'
import type { RowKey } from '../../../src/core/step.ts'
import { live, TestCluster, valuesOf } from '../../helpers/replicas.ts'

/** Starts a process on these rows, of a store that counted so many transactions. */
function begin(cluster: TestCluster, name: string, copy: Copy): void {
  const node = cluster.node(name)
  node.disk.clear()
  for (const [key, value] of copy.rows) node.disk.set(key, value)
  node.commits = copy.commits
  node.restart()
  meet(cluster, name)
}
type Copy = { readonly rows: ReadonlyMap<RowKey, Uint8Array>; readonly commits: number }

function meet(cluster: TestCluster, name: string): void {
  for (const { id } of cluster.members) {
    if (id !== name) cluster.node(name).step({ type: 'connected', node: id })
  }
  cluster.settle()
}
function copyOf(cluster: TestCluster, name: string): Copy {
  const { disk, commits } = cluster.node(name)
  return { rows: new Map(disk), commits }
}
const isWhole = (cluster: TestCluster, name: string) =>
  cluster.node(name).replica.observe().wholeness.whole

t.test('whoever begins on what it had is whole once another has answered', async t => {
  const cluster = new TestCluster(3)
  cluster.call('n1', cluster.put('k', 'v'))
  live(cluster, 2000)
  const node = cluster.node('n2')
  node.restart()
  t.same(node.replica.observe().wholeness, { whole: false, unwhole: 0, heard: false, waitsFor: [] })
  node.step({ type: 'connected', node: 'n3' as NodeId })
  cluster.settle()
  t.ok(isWhole(cluster, 'n2'))
})

t.test(
  'one that answers is enough, but all that can be reached are waited for a moment',
  async t => {
    const cluster = new TestCluster(3)
    const node = cluster.node('n2')
    cluster.node('n1').halted = true
    node.restart()
    meet(cluster, 'n2')
    t.notOk(isWhole(cluster, 'n2'), 'n1 may know more')
    live(cluster, 2500)
    t.ok(isWhole(cluster, 'n2'))
  },
)

t.test('an old copy of a directory is found out, and is whole once it is refilled', async t => {
  const cluster = new TestCluster(3, { readRepair: 'off' }, false)
  live(cluster, 10_000)
  const old = copyOf(cluster, 'n2')
  // What n1 and n2 acknowledge n3 does not hear of.
  cluster.ask('n1', cluster.put('k', 'v'))
  cluster.settle(({ from, to }) => from !== 'n3' && to !== 'n3')
  live(cluster, 1500)
  begin(cluster, 'n2', old)
  const { replica, notes } = cluster.node('n2')
  t.match(replica.observe().wholeness, { whole: false, unwhole: 16, heard: true })
  t.match(notes, [{ type: 'note', note: { event: 'old-copy', detail: { heardBy: 'n1' } } }])
  live(cluster, 25_000)
  t.ok(isWhole(cluster, 'n2'))
  t.same(valuesOf(cluster.call('n2', cluster.get('k', 3))), ['v'])

  t.comment('and its next start, on what it has become, is no old copy')
  begin(cluster, 'n2', copyOf(cluster, 'n2'))
  t.ok(isWhole(cluster, 'n2'))
  t.comment('nor does a restart of those who know better change that')
  cluster.node('n1').restart()
  meet(cluster, 'n1')
  begin(cluster, 'n2', copyOf(cluster, 'n2'))
  t.ok(isWhole(cluster, 'n2'))

  t.comment('but the old copy, put back once more, is')
  begin(cluster, 'n2', old)
  t.notOk(isWhole(cluster, 'n2'))
})

t.test('a store at rest writes nothing of what it hears', async t => {
  const cluster = new TestCluster(3)
  cluster.call('n1', cluster.put('k', 'v'))
  live(cluster, 20_000)
  const before = cluster.nodes.map(({ commits }) => commits)
  live(cluster, 20_000)
  t.same(
    cluster.nodes.map(({ commits }) => commits),
    before,
  )
})
