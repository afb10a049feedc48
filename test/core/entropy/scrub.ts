import t from 'tap'
import { tokenOf } from '../../../src/core/hash.ts'
import type { Key } from '../../../src/core/ids.ts'
import { objectRowKey, quarantineRowKey } from '../../../src/core/row-key.ts'
import { nodeHash } from '../../../src/node/hash.ts'
import { calmCluster, putWithout, repair, sumOf, wholeRing } from '../../helpers/repairs.ts'
import { live, type TestCluster, valuesOf } from '../../helpers/replicas.ts'

const keys = Array.from({ length: 300 }, (_, i) => `k${i}`)
const place = (key: string) => [tokenOf(nodeHash, key as Key), key as Key] as const
const rowOf = (key: string) => objectRowKey(...place(key))

function filled(): TestCluster {
  const cluster = calmCluster(3)
  putWithout(cluster, keys, [])
  live(cluster, 10_000)
  return cluster
}

/** One bit of a row on the disk is another. */
function flip(cluster: TestCluster, node: string, key: string): void {
  const { disk } = cluster.node(node)
  const bytes = Uint8Array.from(disk.get(rowOf(key))!)
  bytes[bytes.length - 3]! ^= 8
  disk.set(rowOf(key), bytes)
}

/** n1 begins to scrub all that it sees to, so many keys a second. */
function scrubSlowly(cluster: TestCluster, job: string, keysPerSecond: number): void {
  const begin = {
    way: 'scrub',
    ranges: [wholeRing],
    node: undefined,
    silent: [],
    concurrency: 1,
    keysPerSecond,
    bytesPerSecond: undefined,
  } as const
  cluster.call('n1', { type: 'repair', id: 1, job, begin, cancel: false, movesFrom: 0 })
}
const notes = (cluster: TestCluster, node: string) =>
  cluster.node(node).notes.map(effect => (effect.type === 'note' ? effect.note.event : ''))

t.test('sound stores are found sound, whatever is written meanwhile', async t => {
  const cluster = filled()
  const [first] = repair(cluster, { way: 'scrub' })
  t.match(first, { partitions: 16, done: 16, rows: 300, damaged: 0, drifted: 0 })
  // Few rows a second, and writes all the time: what is counted moves.
  scrubSlowly(cluster, 'r-busy', 200)
  for (let i = 0; i < 150; i++) {
    cluster.ask('n1', cluster.put(`k${(i * 7) % 300}`, `again ${i}`))
    cluster.ask('n2', cluster.put(`new ${i}`, 'v'))
    live(cluster, 20, undefined, 20)
  }
  live(cluster, 5000, undefined, 20)
  const reply = cluster.call('n1', {
    type: 'repair',
    id: 1,
    job: '',
    begin: undefined,
    cancel: false,
    movesFrom: 0,
  })
  t.match(reply, { progress: { running: false, done: 16, damaged: 0, drifted: 0 } })
  t.same(notes(cluster, 'n1'), [])
})

t.test('on a disk that is full to half of its reserve nothing is kept aside', async t => {
  const cluster = filled()
  flip(cluster, 'n2', 'k7')
  const MIB = 2 ** 20
  cluster.node('n2').step({ type: 'disk', space: { fresh: 9 * MIB, inside: 0, reserve: 20 * MIB } })
  t.match(repair(cluster, { way: 'scrub' })[1], { damaged: 1 })
  t.notOk(cluster.node('n2').disk.has(quarantineRowKey(...place('k7'))))
  t.same(valuesOf(cluster.call('n1', cluster.get('k7', 2))), ['value of k7'])
})

t.test('a flipped bit is found, never served, kept aside, and fetched again', async t => {
  const cluster = filled()
  flip(cluster, 'n2', 'k7')
  const bad = cluster.node('n2').disk.get(rowOf('k7'))!
  const looked = repair(cluster, { way: 'verify' })
  t.same(
    looked.map(({ damaged, drifted }) => [damaged, drifted]),
    [
      [0, 0],
      [1, 0],
      [0, 0],
    ],
  )
  t.notOk(cluster.node('n2').disk.has(quarantineRowKey(...place('k7'))), 'it only looks')
  const { objects } = cluster.node('n2')
  const scrubbed = repair(cluster, { way: 'scrub' })
  t.same(
    scrubbed.map(({ damaged, drifted, rows }) => [damaged, drifted, rows]),
    [
      [0, 0, 300],
      [1, 0, 300],
      [0, 0, 300],
    ],
  )
  t.same(notes(cluster, 'n2'), ['record-damaged'])
  t.same(cluster.node('n2').disk.get(quarantineRowKey(...place('k7'))), bad)
  t.equal(cluster.node('n2').objects, objects, 'the row stays: it answers nobody')
  for (const node of ['n1', 'n2', 'n3']) {
    t.same(valuesOf(cluster.call(node, cluster.get('k7', 2))), ['value of k7'])
  }
  const mended = repair(cluster)
  t.equal(sumOf(mended, 'keys'), 1)
  t.same(
    mended.flatMap(({ perNode }) => perNode),
    [['n2', 1]],
  )
  t.same(valuesOf(cluster.call('n2', cluster.get('k7', 3))), ['value of k7'])
  t.equal(sumOf(repair(cluster, { way: 'verify' }), 'keys'), 0)
  t.match(repair(cluster, { way: 'verify' })[1], { damaged: 0, drifted: 0 })
  const aside = () => {
    const { disk, objects: rows, replica } = cluster.node('n2')
    return [replica.observe().rowsAside, disk.size - rows]
  }
  const before = aside()
  t.equal(before[0], before[1])
  cluster.node('n2').restart()
  t.same(aside(), before, 'counted by the next start too')
})

t.test('rows that are damaged and written again while they are counted are no drift', async t => {
  const cluster = filled()
  scrubSlowly(cluster, 'r-rot', 100)
  for (let i = 0; i < 300; i++) {
    const key = `k${(i * 7) % 300}`
    flip(cluster, 'n1', key)
    cluster.ask('n1', cluster.put(key, `again ${i}`))
    live(cluster, 20, undefined, 20)
  }
  live(cluster, 10_000, undefined, 20)
  t.notOk(notes(cluster, 'n1').includes('tree-drift'))
  const [first] = repair(cluster, { way: 'scrub' })
  t.match(first, { partitions: 16, done: 16, damaged: 0, drifted: 0 })
})

t.test('rows that are lost are drift: the sums are put right, and the rows come back', async t => {
  const cluster = filled()
  for (const key of ['k1', 'k2', 'k3']) cluster.node('n3').disk.delete(rowOf(key))
  t.equal(sumOf(repair(cluster), 'keys'), 0, 'the tree knows nothing of it')
  const verified = repair(cluster, { way: 'verify' })[2]!
  t.ok(verified.drifted >= 1 && verified.drifted <= 3)
  t.equal(sumOf(repair(cluster), 'keys'), 0, 'it only looked')
  const scrubbed = repair(cluster, { way: 'scrub' })[2]!
  t.match(scrubbed, { drifted: verified.drifted, damaged: 0, rows: 297 })
  t.ok(notes(cluster, 'n3').every(event => event === 'tree-drift'))
  t.match(repair(cluster, { way: 'scrub' })[2], { drifted: 0 })
  t.equal(sumOf(repair(cluster), 'keys'), 3)
  t.equal(cluster.node('n3').objects, 300)
})
