/** A repair ends, and says what it could not compare and why, however long others take. */
import t from 'tap'
import { Patience, patienceMs } from '../../../src/core/entropy/patience.ts'
import type { RepairProgress } from '../../../src/core/entropy/repair-message.ts'
import type { Instant, NodeId } from '../../../src/core/ids.ts'
import { repair, sumOf } from '../../helpers/repairs.ts'
import { live, TestCluster, type TestNode } from '../../helpers/replicas.ts'

const n2 = 'n2' as NodeId
const at = (ms: number) => ms as Instant

t.test('one wait for an owner, then none, then one more try', async t => {
  const patience = new Patience()
  t.notOk(patience.failed(n2, 'waits', at(1000)))
  t.equal(patience.spentOn(n2, at(1000)), undefined)
  t.notOk(patience.failed(n2, 'waits', at(patienceMs)))
  t.ok(patience.failed(n2, 'both-wait', at(1000 + patienceMs)))
  t.equal(patience.spentOn(n2, at(2000 + patienceMs)), 'both-wait')
  t.equal(patience.spentOn(n2, at(1000 + 2 * patienceMs)), undefined, 'it may be ready by now')
  t.ok(patience.failed(n2, 'both-wait', at(1000 + 2 * patienceMs)), 'or not')
  t.equal(patience.spentOn(n2, at(2000 + 2 * patienceMs)), 'both-wait')
  patience.heard(n2)
  t.equal(patience.spentOn(n2, at(2000 + 2 * patienceMs)), undefined)
  t.notOk(patience.failed(n2, 'silent', at(99_000)), 'it begins anew')
})

t.test('two owners that wait for each other to be whole, and a third is dead', async t => {
  const cluster = new TestCluster(5, { partitions: 256 })
  live(cluster, 10_000)
  fill(cluster, 'old', 150)
  live(cluster, 5000)
  const node = cluster.node('n2')
  const copy = new Map(node.disk)
  const { commits } = node
  fill(cluster, 'new', 150)
  live(cluster, 20_000)
  die(cluster, 'n2')
  live(cluster, 2000)
  node.disk.clear()
  for (const [key, value] of copy) node.disk.set(key, value)
  node.commits = commits
  comeBack(cluster, node)
  die(cluster, 'n3')
  live(cluster, 3000)
  die(cluster, 'n4')
  live(cluster, 2000)
  cluster.node('n4').wipe()
  comeBack(cluster, cluster.node('n4'))
  live(cluster, 10_000)
  const all = repair(cluster, { way: 'check', silent: ['n3' as NodeId] }, 20_000)
  for (const { done, partitions } of all) t.equal(done, partitions)
  t.same(whysOf(all), [
    'n1 n2 waits',
    'n1 n3 silent',
    'n1 n4 waits',
    'n2 n3 silent',
    'n2 n4 both-wait',
    'n4 n3 silent',
    'n5 n3 silent',
  ])
})

t.test('a node that is being refilled for long, and others that wait for it', async t => {
  const cluster = new TestCluster(3)
  live(cluster, 10_000)
  fill(cluster, 'key', 150, 'v'.repeat(100_000))
  live(cluster, 20_000)
  die(cluster, 'n3')
  live(cluster, 2000)
  cluster.node('n3').wipe()
  comeBack(cluster, cluster.node('n3'))
  const usual = slowDown(cluster)
  const early = repair(cluster, { way: 'check' }, 20_000, 'r-early')
  t.same(whysOf(early), [
    'n1 n3 waits',
    'n2 n3 waits',
    'n3 n1 asker-starting',
    'n3 n2 asker-starting',
  ])
  t.ok(cluster.node('n3').objects < 150)
  usual()
  live(cluster, 60_000)
  const late = repair(cluster, { way: 'check' })
  t.same(whysOf(late), [])
  t.equal(sumOf(late, 'keys'), 0)
})

/** What a refill is answered comes one by one, 400 ms apart, until the end of that is called. */
function slowDown(cluster: TestCluster): () => void {
  const { deliver, pass } = cluster
  const late: Parameters<TestCluster['deliver']>[0][] = []
  let next = 0
  cluster.deliver = letter => {
    if (letter.message.type === 'fetched') late.push(letter)
    else deliver.call(cluster, letter)
  }
  cluster.pass = ms => {
    pass.call(cluster, ms)
    const letter = cluster.now < next ? undefined : late.shift()
    if (letter === undefined) return
    next = cluster.now + 400
    deliver.call(cluster, letter)
  }
  return () => Object.assign(cluster, { deliver, pass })
}

function whysOf(all: readonly RepairProgress[]): readonly string[] {
  return all.flatMap(one => one.unproved.map(({ by, node, why }) => `${by} ${node} ${why}`)).sort()
}

function fill(cluster: TestCluster, name: string, count: number, value = 'v'): void {
  for (let i = 0; i < count; i++) {
    const key = `${name}-${i}`
    const at = cluster.primaries(key).find(node => !cluster.node(node).halted) ?? ''
    cluster.ask(at, cluster.put(key, value))
    cluster.settle()
  }
}

function die(cluster: TestCluster, id: string): void {
  cluster.node(id).halted = true
  for (const node of cluster.nodes) {
    if (!node.halted) node.step({ type: 'disconnected', node: id as NodeId })
  }
}

function comeBack(cluster: TestCluster, back: TestNode): void {
  back.restart()
  for (const node of cluster.nodes) {
    if (node === back || node.halted) continue
    node.step({ type: 'connected', node: back.id })
    back.step({ type: 'connected', node: node.id })
  }
}
