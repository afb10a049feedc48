import t from 'tap'
import type { NodeId } from '../../../src/core/ids.ts'
import type { PeerMessage } from '../../../src/core/message.ts'
import { codeOf, TestCluster, valuesOf } from '../../helpers/replicas.ts'

type Type = PeerMessage['type']

/** The letters of this type under way are delivered, those to or from others are kept. */
function deliver(cluster: TestCluster, type: Type, node?: string): void {
  const letters = cluster.letters.splice(0)
  for (const letter of letters) {
    const matches = letter.message.type === type
    if (matches && (node === undefined || letter.to === node || letter.from === node)) {
      cluster.deliver(letter)
    } else cluster.letters.push(letter)
  }
}

function underWay(cluster: TestCluster, type: Type): readonly string[] {
  return cluster.letters.filter(({ message }) => message.type === type).map(({ to }) => to)
}

/** Only reads repair: what hints would bring home stays away. */
function clusterOf(): TestCluster {
  return new TestCluster(3, {}, false)
}

/** A key written at these nodes alone, each value concurrent with the others. */
function written(cluster: TestCluster, values: Readonly<Record<string, string>>): void {
  for (const [node, value] of Object.entries(values)) {
    cluster.ask(node, cluster.put('k', value, { w: 1 }))
    cluster.settle(({ message }) => message.type !== 'store')
  }
  cluster.pass(6000)
  cluster.settle()
}

function outcomeAt(cluster: TestCluster, node: string) {
  const reply = cluster.node(node).replies.at(-1)
  if (reply?.type !== 'got') throw new Error(`not a get's reply: ${reply?.type}`)
  return reply.outcome
}

/** What each node holds itself. */
function heldBy(cluster: TestCluster): readonly string[] {
  return cluster.nodes.map(({ id }) => {
    const reply = cluster.call(id, cluster.get('k', 1, { repair: 'off' }))
    return valuesOf(reply).sort().join()
  })
}

function isAtRest(cluster: TestCluster): boolean {
  cluster.settle()
  return cluster.nodes.every(({ replica }) => replica.observe().coordinating === 0)
}

t.test('blocking: the reply waits for the durable ack of the repair', async t => {
  const cluster = clusterOf()
  written(cluster, { n1: 'v' })
  const before = cluster.node('n1').replies.length
  cluster.ask('n1', cluster.get('k'))
  deliver(cluster, 'read', 'n2')
  deliver(cluster, 'held', 'n2')
  t.same(underWay(cluster, 'store'), ['n2'])
  deliver(cluster, 'store', 'n2')
  deliver(cluster, 'stored')
  t.equal(cluster.node('n1').replies.length, before, 'n2 has not flushed')
  cluster.node('n2').flush()
  deliver(cluster, 'stored', 'n2')
  t.same(valuesOf(cluster.node('n1').replies.at(-1)), ['v'])
  t.same(outcomeAt(cluster, 'n1').repaired, ['n2'])
  t.equal(outcomeAt(cluster, 'n1').unrepaired, false)
  t.equal(cluster.node('n1').replica.observe().coordinating, 1, 'n3 has not answered')
  t.ok(isAtRest(cluster))
  t.same(heldBy(cluster), ['v', 'v', 'v'], 'its late answer was repaired too')
})

t.test('blocking: a late answer that agrees is as good as a repair', async t => {
  const cluster = clusterOf()
  cluster.ask('n1', cluster.put('k', 'v'))
  cluster.settle(({ to, message }) => message.type !== 'store' || to !== 'n2')
  cluster.ask('n1', cluster.get('k'))
  deliver(cluster, 'read', 'n2')
  deliver(cluster, 'held', 'n2')
  t.notSame(codeOf(cluster.node('n1').replies.at(-1)), 'got')
  deliver(cluster, 'read', 'n3')
  deliver(cluster, 'held', 'n3')
  t.same(valuesOf(cluster.node('n1').replies.at(-1)), ['v'])
  t.same(outcomeAt(cluster, 'n1').repaired, [])
  t.equal(outcomeAt(cluster, 'n1').unrepaired, false)
})

t.test('async replies at once and repairs beside; off repairs nothing', async t => {
  for (const repair of ['async', 1, 'off', 0] as const) {
    const cluster = new TestCluster(3, { readRepair: repair })
    written(cluster, { n1: 'v' })
    cluster.ask('n1', cluster.get('k'))
    deliver(cluster, 'read')
    deliver(cluster, 'held')
    t.same(valuesOf(cluster.node('n1').replies.at(-1)), ['v'])
    t.same(outcomeAt(cluster, 'n1').repaired, [])
    t.equal(outcomeAt(cluster, 'n1').unrepaired, false)
    const off = repair === 'off' || repair === 0
    t.same([...underWay(cluster, 'store')].sort(), off ? [] : ['n2', 'n3'])
    t.ok(isAtRest(cluster))
    t.same(heldBy(cluster), off ? ['v', '', ''] : ['v', 'v', 'v'])
  }
})

t.test('a part of the gets repairs', async t => {
  const cluster = new TestCluster(3, { readRepair: 0.5 })
  let repaired = 0
  for (let i = 0; i < 40; i++) {
    cluster.ask('n1', cluster.put(`k${i}`, 'v', { w: 1 }))
    cluster.settle(({ message }) => message.type !== 'store')
  }
  cluster.pass(6000)
  for (let i = 0; i < 40; i++) {
    cluster.call('n1', cluster.get(`k${i}`))
    const reply = cluster.call('n2', cluster.get(`k${i}`, 1, { repair: 'off' }))
    if (valuesOf(reply).length > 0) repaired += 1
  }
  t.ok(repaired > 8 && repaired < 32, `${repaired} of 40`)
})

t.test('both sides of a concurrent pair are repaired with the merged object', async t => {
  for (const at of ['n1', 'n3']) {
    const cluster = clusterOf()
    written(cluster, { n1: 'a', n2: 'b' })
    t.same(valuesOf(cluster.call(at, cluster.get('k', 3))).sort(), ['a', 'b'])
    t.same([...outcomeAt(cluster, at).repaired].sort(), ['n1', 'n2', 'n3'])
    t.ok(isAtRest(cluster))
    t.same(heldBy(cluster), ['a,b', 'a,b', 'a,b'])
  }
})

t.test('a late answer repairs both ways', async t => {
  const cluster = clusterOf()
  cluster.ask('n1', cluster.put('k', 'a'))
  cluster.settle(({ to, message }) => message.type !== 'store' || to !== 'n3')
  cluster.ask('n3', cluster.put('k', 'b', { w: 1 }))
  cluster.settle(({ message }) => message.type !== 'store')
  cluster.pass(6000)
  cluster.ask('n1', cluster.get('k'))
  deliver(cluster, 'read')
  deliver(cluster, 'held', 'n2')
  t.same(valuesOf(cluster.node('n1').replies.at(-1)), ['a'])
  t.ok(isAtRest(cluster))
  t.same(heldBy(cluster), ['a,b', 'a,b', 'a,b'])
})

t.test('what is found while a copy is under way follows it', async t => {
  const cluster = clusterOf()
  written(cluster, { n1: 'a', n3: 'b' })
  cluster.ask('n1', cluster.get('k'))
  deliver(cluster, 'read', 'n2')
  deliver(cluster, 'held', 'n2')
  t.same(underWay(cluster, 'store'), ['n2'])
  for (const type of ['read', 'held', 'read', 'held'] as const) deliver(cluster, type, 'n3')
  t.same(underWay(cluster, 'store'), ['n2', 'n3'])
  t.ok(isAtRest(cluster))
  t.same(heldBy(cluster), ['a,b', 'a,b', 'a,b'])
})

t.test('a limit on siblings does not stop a repair', async t => {
  const cluster = clusterOf()
  for (const node of ['n1', 'n2']) {
    for (let i = 0; i < 64; i++) cluster.ask(node, cluster.put('k', `${node} ${i}`, { w: 1 }))
    cluster.settle(({ message }) => message.type !== 'store')
  }
  cluster.pass(6000)
  t.equal(valuesOf(cluster.call('n3', cluster.get('k', 3))).length, 128)
  t.ok(isAtRest(cluster))
  for (const held of heldBy(cluster)) t.equal(held.split(',').length, 128)
})

t.test('an unrepaired answer says so, at once where suspects leave too few', async t => {
  const cluster = clusterOf()
  written(cluster, { n1: 'v' })
  cluster.ask('n1', cluster.get('k'))
  deliver(cluster, 'read', 'n2')
  deliver(cluster, 'held', 'n2')
  cluster.letters.length = 0
  cluster.node('n1').step({ type: 'disconnected', node: 'n3' as NodeId })
  t.notSame(codeOf(cluster.node('n1').replies.at(-1)), 'got', 'n2 may still be repaired')
  cluster.node('n1').step({ type: 'disconnected', node: 'n2' as NodeId })
  t.same(valuesOf(cluster.node('n1').replies.at(-1)), ['v'])
  t.equal(outcomeAt(cluster, 'n1').unrepaired, true)
  t.same(outcomeAt(cluster, 'n1').repaired, [])
  t.ok(isAtRest(cluster))
})

t.test('a repair that takes too long leaves the answer unrepaired, in time', async t => {
  const cluster = clusterOf()
  written(cluster, { n1: 'v' })
  cluster.ask('n1', cluster.get('k', 2, { timeLeft: 1000 }))
  deliver(cluster, 'read')
  deliver(cluster, 'held')
  cluster.pass(700)
  t.notSame(codeOf(cluster.node('n1').replies.at(-1)), 'got')
  cluster.pass(150)
  t.equal(outcomeAt(cluster, 'n1').unrepaired, true)
  cluster.pass(200)
  t.equal(cluster.node('n1').replica.observe().coordinating, 0)
})

t.test('a get waits for no late answer where there is no room', async t => {
  const cluster = clusterOf()
  cluster.call('n1', cluster.put('k', 'v'.repeat(1024 * 1024)))
  for (let i = 0; i < 100; i++) {
    cluster.ask('n1', cluster.get('k'))
    deliver(cluster, 'read', 'n2')
    deliver(cluster, 'held', 'n2')
  }
  t.equal(cluster.node('n1').replies.filter(reply => reply.type === 'got').length, 100)
  const waiting = cluster.node('n1').replica.observe().coordinating
  t.ok(waiting > 10 && waiting < 40, `${waiting}`)
  t.ok(isAtRest(cluster))
  cluster.ask('n1', cluster.get('k'))
  deliver(cluster, 'read', 'n2')
  deliver(cluster, 'held', 'n2')
  t.equal(cluster.node('n1').replica.observe().coordinating, 1, 'the room was given back')
})
