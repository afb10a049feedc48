import t from 'tap'
import type { ExchangeReply } from '../../../src/core/entropy/exchange-status.ts'
import type { Instant, NodeId } from '../../../src/core/ids.ts'
import { fullDisk, live, TestCluster, valuesOf } from '../../helpers/replicas.ts'

const rows = (cluster: TestCluster) =>
  cluster.nodes.map(({ disk }) => [...disk.keys()].filter(key => key.startsWith('\x10')).length)

t.test('what one of three missed it gets without a read, and then nothing moves', async t => {
  const cluster = new TestCluster(3, { readRepair: 'off' }, false)
  live(cluster, 10_000)
  const lost = (from: string, to: string) => from !== 'n3' && to !== 'n3'
  for (let i = 0; i < 40; i++) {
    cluster.ask('n1', cluster.put(`k${i}`, 'v'))
    cluster.settle(letter => lost(letter.from, letter.to))
  }
  t.same(rows(cluster), [40, 40, 0])
  live(cluster, 35_000)
  t.same(rows(cluster), [40, 40, 40])
  const counts = () => cluster.nodes.map(({ replica }) => replica.observe().exchange)
  const repaired = counts().reduce((sum, one) => sum + one.repaired, 0)
  t.equal(repaired, 40)
  live(cluster, 35_000)
  const later = counts()
  t.equal(
    later.reduce((sum, one) => sum + one.repaired, 0),
    40,
  )
  t.ok(later[0]!.equal >= 6, 'each pair at least every 13 seconds')
  t.equal(later[2]!.passes, 0, 'of two the one with the lower name asks')
  t.ok(later[0]!.bytes < 25_000)
})

t.test('a node that was killed goes on where it was', async t => {
  const cluster = new TestCluster(3, { readRepair: 'off' }, false)
  live(cluster, 10_000)
  for (let i = 0; i < 60; i++) {
    cluster.ask('n1', cluster.put(`k${i}`, 'v'))
    cluster.settle(letter => letter.from !== 'n3' && letter.to !== 'n3')
  }
  for (const name of ['n1', 'n3', 'n2']) {
    live(cluster, 8000)
    cluster.node(name).restart()
    for (const { id } of cluster.members) {
      if (id !== name) cluster.node(name).step({ type: 'connected', node: id })
    }
  }
  live(cluster, 40_000)
  t.same(rows(cluster), [60, 60, 60])
  t.same(valuesOf(cluster.call('n3', cluster.get('k7'))), ['v'])
  t.equal(
    cluster.nodes.every(({ replica }) => replica.observe().treeReady),
    true,
  )
})

/** The disk has room again. */
const roomyDisk = {
  type: 'disk',
  space: { fresh: 2 ** 40, inside: 0, reserve: 100 * 2 ** 20 },
} as const

/** What a node says of its comparisons. */
function status(cluster: TestCluster, node: string, pause?: boolean): ExchangeReply {
  const reply = cluster.call(node, { type: 'exchange', id: 9, pause })
  if (reply?.type !== 'exchange-is') throw new Error('no answer')
  return reply
}

t.test('the record says when each pair was last equal, and outlives the process', async t => {
  const cluster = new TestCluster(3, { readRepair: 'off' }, false)
  t.match(status(cluster, 'n1'), {
    node: 'n1',
    paused: false,
    ready: false,
    pairs: [
      { peer: 'n2', shared: 16, equalAt: 0 },
      { peer: 'n3', shared: 16, equalAt: 0 },
    ],
  })
  live(cluster, 40_000)
  for (const [node, peers] of [
    ['n1', 2],
    ['n2', 1],
    ['n3', 0],
  ] as const) {
    const { pairs, runs, ready } = status(cluster, node)
    t.equal(ready, true)
    t.equal(pairs.length, peers, 'of two the one with the lower name asks')
    // The published bound of a healthy cluster: every range, every pair, every 30 seconds.
    for (const { equalAt } of pairs) t.ok(equalAt > cluster.wall - 30_000)
    t.same(
      runs.map(({ first, last, partitions }) => [first, last, partitions]),
      Array.from({ length: peers }, () => [0, 15, 16]),
    )
  }
  for (let i = 0; i < 30; i++) {
    cluster.ask('n1', cluster.put(`k${i}`, 'v'))
    cluster.settle(letter => letter.from !== 'n3' && letter.to !== 'n3')
  }
  live(cluster, 35_000)
  const before = [status(cluster, 'n1'), status(cluster, 'n2')]
  const repairs = before.flatMap(({ pairs }) => pairs.map(pair => pair.repairs.total))
  t.equal(
    repairs.reduce((sum, one) => sum + one, 0),
    30,
  )
  const shown = before.flatMap(({ runs }) => runs).filter(run => run.repairs.total > 0)
  t.ok(shown.length > 5 && shown.every(run => run.repairs.most <= run.repairs.total))
  live(cluster, 61_000)
  cluster.node('n1').restart()
  const after = status(cluster, 'n1')
  t.same(
    after.pairs.map(pair => pair.repairs),
    before[0]!.pairs.map(pair => pair.repairs),
  )
  for (const { equalAt } of after.pairs) t.ok(equalAt > cluster.wall - 80_000 && equalAt > 0)
})

t.test('a paused node begins no comparison and still answers; resumed it goes on', async t => {
  const cluster = new TestCluster(3, { readRepair: 'off' }, false)
  live(cluster, 10_000)
  t.equal(status(cluster, 'n1', true).paused, true)
  for (let i = 0; i < 20; i++) {
    cluster.ask('n1', cluster.put(`k${i}`, 'v'))
    cluster.settle(letter => letter.from !== 'n2' && letter.to !== 'n2')
  }
  const passes = () => cluster.nodes.map(({ replica }) => replica.observe().exchange.passes)
  const [before] = passes()
  live(cluster, 40_000)
  t.equal(passes()[0], before)
  t.ok(passes()[1]! > 2, 'n2 compares with n3')
  t.same(rows(cluster), [20, 20, 20], 'from n3, which was asked')
  t.equal(status(cluster, 'n1').paused, true)
  t.equal(status(cluster, 'n1', false).paused, false)
  live(cluster, 20_000)
  t.ok(passes()[0]! > before!)
})

t.test(
  'a store that was lost is refilled by all others and becomes whole; nobody else asks it',
  async t => {
    const cluster = new TestCluster(3, { readRepair: 'off' }, false)
    live(cluster, 10_000)
    for (let i = 0; i < 40; i++) cluster.call('n1', cluster.put(`k${i}`, 'v'))
    const n2 = cluster.node('n2')
    n2.wipe()
    for (const node of ['n1', 'n3']) n2.step({ type: 'connected', node: node as NodeId })
    const passes = () => cluster.nodes.map(({ replica }) => replica.observe().exchange.passes)
    const before = passes()
    live(cluster, 10_000)
    t.same(rows(cluster), [40, 40, 40])
    t.notOk(
      n2.replica.observe().wholeness.whole,
      'equal, but what it acknowledged may be on its way',
    )
    t.same(valuesOf(cluster.call('n2', cluster.get('k7'))), ['v'], 'the two others are enough')
    t.match(cluster.call('n2', cluster.get('k7', 3)), { failure: { code: 'QUORUM' } })
    live(cluster, 10_000)
    t.same(n2.replica.observe().wholeness, { whole: true, unwhole: 0, heard: true, waitsFor: [] })
    t.same(valuesOf(cluster.call('n2', cluster.get('k7', 3))), ['v'])
    n2.restart()
    n2.step({ type: 'connected', node: 'n1' as NodeId })
    cluster.settle()
    n2.step({ type: 'connected', node: 'n1' as NodeId })
    cluster.settle()
    t.ok(n2.replica.observe().wholeness.whole, 'durably')
    t.ok((passes()[0] ?? 0) - (before[0] ?? 0) <= 4, 'n1 compared with n3 alone meanwhile')
  },
)

t.test('with one other down what the two share stays in doubt', async t => {
  const cluster = new TestCluster(3, { readRepair: 'off' }, false)
  live(cluster, 10_000)
  const n3 = cluster.node('n3')
  n3.wipe()
  n3.step({ type: 'connected', node: 'n1' as NodeId })
  const alive = cluster.nodes.filter(({ id }) => id !== 'n2')
  for (let passed = 0; passed < 40_000; passed += 250) {
    cluster.now = (cluster.now + 250) as Instant
    cluster.wall += 250
    for (const node of alive) node.step({ type: 'tick', wall: cluster.wall })
    cluster.settle(({ from, to }) => from !== 'n2' && to !== 'n2')
  }
  t.same(n3.replica.observe().wholeness, {
    whole: false,
    unwhole: 16,
    heard: true,
    waitsFor: ['n2'],
  })
})

t.test(
  'a member whose disk is full is offered what it lacks now and then, not all the time',
  async t => {
    const cluster = new TestCluster(3, { readRepair: 'off' }, false)
    live(cluster, 10_000)
    cluster.node('n3').step(fullDisk)
    for (let i = 0; i < 20; i++) {
      cluster.ask('n1', cluster.put(`k${i}`, 'v'.repeat(1000)))
      cluster.settle(letter => letter.from !== 'n3' && letter.to !== 'n3')
    }
    let offered = 0
    live(cluster, 60_000, ({ message }) => {
      if (message.type === 'handoff') offered += message.copies.length
      return true
    })
    t.same(rows(cluster), [20, 20, 0])
    t.ok(offered >= 40 && offered <= 2 * 9 * 20, `${offered} copies`)
    const repaired = () => cluster.nodes.map(({ replica }) => replica.observe().exchange.repaired)
    t.same(repaired(), [0, 0, 0], 'what was refused did not move')
    const totals = status(cluster, 'n1').pairs.map(({ repairs }) => repairs.total)
    t.same(totals, [0, 0])
    cluster.node('n3').step(roomyDisk)
    live(cluster, 15_000)
    t.same(rows(cluster), [20, 20, 20])
    t.equal(
      repaired().reduce((sum, one) => sum + one),
      20,
    )
  },
)

t.test('a lost store that is full already asks for what it lacks now and then', async t => {
  const cluster = new TestCluster(3, { readRepair: 'off' }, false)
  live(cluster, 10_000)
  for (let i = 0; i < 20; i++) cluster.call('n1', cluster.put(`k${i}`, 'v'.repeat(1000)))
  const n3 = cluster.node('n3')
  n3.wipe()
  n3.step(fullDisk)
  for (const id of ['n1', 'n2'] as NodeId[]) n3.step({ type: 'connected', node: id })
  live(cluster, 60_000)
  let sent = 0
  live(cluster, 60_000, ({ message, to }) => {
    if (message.type === 'differing' && to === 'n3') sent += message.copies.length
    return true
  })
  t.equal(n3.objects, 0)
  t.ok(sent >= 20 && sent <= 2 * 9 * 20, `${sent} copies`)
})
