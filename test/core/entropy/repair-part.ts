import t from 'tap'
import type { RepairPlan } from '../../../src/core/entropy/repair-message.ts'
import type { NodeId } from '../../../src/core/ids.ts'
import {
  calmCluster,
  everything,
  progressOf,
  putWithout,
  repair,
  wholeRing,
} from '../../helpers/repairs.ts'
import { fullDisk, live } from '../../helpers/replicas.ts'

const names = Array.from({ length: 40 }, (_, i) => `k${i}`)

t.test('an owner that is away for a moment is asked again', async t => {
  const cluster = calmCluster(3)
  putWithout(cluster, names, ['n3'])
  live(cluster, 10_000)
  const away = (gone: boolean) => {
    for (const { id } of cluster.nodes) {
      if (id === 'n3') continue
      cluster.node(id).step({ type: gone ? 'disconnected' : 'connected', node: 'n3' as NodeId })
    }
  }
  away(true)
  const begin = {
    way: 'repair',
    ranges: [wholeRing],
    node: 'n1' as NodeId,
    silent: [],
    concurrency: 4,
    keysPerSecond: undefined,
    bytesPerSecond: undefined,
  } as const
  cluster.call('n1', { type: 'repair', id: 1, job: 'r-1', begin, cancel: false, movesFrom: 0 })
  live(cluster, 3000, undefined, 20)
  t.match(progressOf(cluster, 'n1'), { running: true, keys: 0 })
  away(false)
  live(cluster, 5000, undefined, 20)
  t.match(progressOf(cluster, 'n1'), { running: false, keys: 40, unproved: [] })
})

t.test('who was compared before news came is compared again, and copies come once', async t => {
  const cluster = calmCluster(3)
  // Only the last that is asked holds them: n1 and n2 lack all.
  const keys = names.filter(key => cluster.primaries(key)[0] === 'n1')
  putWithout(cluster, keys, ['n1', 'n2'])
  live(cluster, 10_000)
  const [first] = repair(cluster, { node: 'n1' as NodeId })
  t.match(first, { keys: keys.length, copies: 2 * keys.length })
  t.same(first!.perNode, [
    ['n1', keys.length],
    ['n2', keys.length],
  ])
  t.same(
    cluster.nodes.map(({ objects }) => objects),
    [keys.length, keys.length, keys.length],
  )
})

t.test(
  'an owner whose disk is full is offered each copy once, and none counts as moved',
  async t => {
    const cluster = calmCluster(3)
    putWithout(cluster, names, ['n3'])
    live(cluster, 10_000)
    cluster.node('n3').step(fullDisk)
    let offered = 0
    const { deliver } = cluster
    cluster.deliver = letter => {
      if (letter.message.type === 'handoff') offered += letter.message.copies.length
      deliver.call(cluster, letter)
    }
    const [first] = repair(cluster, { node: 'n1' as NodeId })
    t.match(first, { keys: 40, copies: 0, bytes: 0, perNode: [] })
    t.ok(
      first!.unproved.some(({ why }) => why === 'refused'),
      'it is not called repaired',
    )
    t.equal(offered, 40)
    t.equal(cluster.node('n3').objects, 0)
  },
)

t.test(
  'copies that come up again as they were stored: a store is damaged, and it is said',
  async t => {
    const cluster = calmCluster(3)
    putWithout(cluster, names, [])
    live(cluster, 10_000)
    const { disk } = cluster.node('n3')
    const { entries } = disk
    // A page of the file is damaged: a walk goes past rows that a look-up of one key finds.
    disk.entries = function* () {
      for (const entry of entries.call(disk)) if (!entry[0].endsWith('7')) yield entry
      return undefined
    }
    repair(cluster, { way: 'scrub' })
    const begun = cluster.now
    for (const way of ['check', 'repair'] as const) {
      const pairs = repair(cluster, { way }).flatMap(({ unproved }) => unproved)
      t.same(new Set(pairs.map(({ why }) => why)), new Set(['repeated']), way)
      t.ok(pairs.every(({ by, node }) => by === 'n3' || node === 'n3'))
    }
    t.ok(cluster.now - begun < 20_000)
  },
)

t.test('a key that is written without a pause does not hold a repair up', async t => {
  const cluster = calmCluster(3)
  const key = names.find(one => cluster.primaries(one)[0] === 'n1') as string
  putWithout(cluster, [key], ['n1'])
  live(cluster, 10_000)
  const n1 = cluster.node('n1')
  /** What the node says of it, without anything that settles. */
  const repairing = (begin?: RepairPlan) => {
    const before = n1.replies.length
    cluster.ask('n1', { type: 'repair', id: 1, job: 'r-1', begin, cancel: false, movesFrom: 0 })
    const reply = n1.replies[before]
    if (reply?.type !== 'repair-is' || reply.progress === undefined) throw new Error('no progress')
    return reply.progress
  }
  let puts = 0
  const put = () => {
    const context = n1.replies.findLast(reply => reply.type === 'wrote')?.context
    cluster.ask('n1', cluster.put(key, `v${++puts}`, { w: 1, context }))
  }
  repairing({ ...everything, node: n1.id })
  for (let turns = 0; turns < 2000 && repairing().running; turns++) {
    if (turns % 6 === 0) cluster.pass(20)
    for (const letter of [...cluster.gossip.splice(0), ...cluster.letters.splice(0)]) {
      cluster.deliver(letter)
    }
    for (const node of cluster.nodes) node.step({ type: 'turn' })
    for (const node of cluster.nodes) if (node !== n1) node.flush()
    // Once its copy has come the next put gathers before the commit of the last one is durable.
    if (repairing().copies > 0) put()
    n1.flushOne()
  }
  t.match(repairing(), { running: false, done: 16, partitions: 16, keys: 1 })
  t.ok(puts > 1, `${puts} puts`)
})
