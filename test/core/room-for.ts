import t from 'tap'
import type { Key, NodeId } from '../../src/core/ids.ts'
import type { PeerMessage, StoreCopy } from '../../src/core/message.ts'
import { contextOf, fullDisk, TestCluster } from '../helpers/replicas.ts'

const [n1, n2] = ['n1', 'n2'] as NodeId[]

/** What n1 refuses of one message of n2, and why. */
function refusalOf(cluster: TestCluster, message: PeerMessage): string | undefined {
  cluster.node('n1').step({ type: 'message', from: n2!, message })
  cluster.node('n1').flush()
  for (const { from, message: answer } of cluster.letters.splice(0)) {
    if (from !== 'n1' || (answer.type !== 'stored' && answer.type !== 'handed')) continue
    return answer.refused?.code
  }
  throw new Error('no answer')
}

/** The copy for n1 of what n2 does. */
function copyOf(cluster: TestCluster, key: string, value: string | undefined, more = {}) {
  cluster.ask('n2', cluster.put(key, value, more))
  cluster.node('n2').flush()
  const letter = cluster.letters.splice(0).find(({ to }) => to === 'n1')
  if (letter?.message.type !== 'store') throw new Error('no copy for n1')
  return letter.message
}

t.test('a full disk takes a copy that adds no bytes of values, and no other', async t => {
  const cluster = new TestCluster(3)
  const context = contextOf(cluster.call('n1', cluster.put('k', 'value')))
  cluster.node('n1').step(fullDisk)
  t.equal(refusalOf(cluster, copyOf(cluster, 'new', 'v')), 'STORE_FULL')
  t.equal(refusalOf(cluster, copyOf(cluster, 'gone', undefined)), undefined, 'a delete')
  t.equal(refusalOf(cluster, copyOf(cluster, 'k', 'value2', { context })), 'STORE_FULL')
  const shorter = new TestCluster(3)
  const before = contextOf(shorter.call('n1', shorter.put('k', 'value')))
  shorter.node('n1').step(fullDisk)
  t.equal(refusalOf(shorter, copyOf(shorter, 'k', 'abc', { context: before })), undefined)
})

t.test('of copies that are handed over together one that grows refuses all', async t => {
  const cluster = new TestCluster(3)
  const copies = [copyOf(cluster, 'gone', undefined), copyOf(cluster, 'new', 'v')]
  cluster.node('n1').step(fullDisk)
  const handoff = (some: readonly StoreCopy[]) => {
    return { type: 'handoff', id: 7, epoch: cluster.epoch, timeLeft: 1000, copies: some } as const
  }
  t.equal(refusalOf(cluster, handoff(copies)), 'STORE_FULL')
  t.equal(refusalOf(cluster, handoff(copies.slice(0, 1))), undefined)
  t.equal(cluster.node('n1').objects, 1)
})

t.test('a hint is taken under the same rule', async t => {
  const cluster = new TestCluster(5)
  const keyWithout = Array.from({ length: 99 }, (_, i) => `k${i}`).find(key => {
    return !cluster.primaries(key).includes(n1!)
  })
  const [writer, owner] = cluster.primaries(keyWithout!) as NodeId[]
  for (const [value, code] of [
    [undefined, undefined],
    ['v', 'STORE_FULL'],
  ] as const) {
    cluster.ask(writer!, cluster.put(keyWithout!, value))
    const copy = cluster.letters.splice(0).find(({ message }) => message.type === 'store')?.message
    if (copy?.type !== 'store') throw new Error('no copy')
    cluster.node('n1').step(fullDisk)
    t.equal(refusalOf(cluster, { ...copy, key: keyWithout as Key, owner }), code)
  }
})

t.test('a large value can be deleted as long as a delete finds room at all', async t => {
  const MIB = 2 ** 20
  const spaces = [
    { fresh: 1.4 * MIB, inside: 0, reserve: 25 * MIB },
    { fresh: 0, inside: 6 * MIB, reserve: 25 * MIB },
    { fresh: 513 * 1024 + 4096, inside: 0, reserve: 25 * MIB },
  ]
  for (const space of spaces) {
    const cluster = new TestCluster(3)
    const value = 'v'.repeat(MIB - 100)
    const context = contextOf(cluster.call('n1', cluster.put('k', value)))
    for (const node of cluster.nodes) node.step({ type: 'disk', space })
    const copy = copyOf(cluster, 'k', undefined, { context })
    t.equal(refusalOf(cluster, copy), undefined, JSON.stringify(space))
  }
})

t.test('a large value that was kept for another node can be deleted, too', async t => {
  const MIB = 2 ** 20
  const cluster = new TestCluster(5)
  const key = Array.from({ length: 99 }, (_, i) => `k${i}`).find(one => {
    return !cluster.primaries(one).includes(n1!)
  })
  const [writer, owner] = cluster.primaries(key!) as NodeId[]
  const copyFor = (value: string | undefined, context?: Uint8Array) => {
    cluster.ask(writer!, cluster.put(key!, value, context && { context }))
    cluster.node(writer!).flush()
    const copy = cluster.letters.splice(0).find(({ message }) => message.type === 'store')?.message
    if (copy?.type !== 'store') throw new Error('no copy')
    return { ...copy, key: key as Key, owner }
  }
  t.equal(refusalOf(cluster, copyFor('v'.repeat(MIB - 100))), undefined)
  const held = cluster.call(writer!, cluster.get(key!))
  const space = { fresh: 0, inside: 6 * MIB, reserve: 25 * MIB }
  cluster.node('n1').step({ type: 'disk', space })
  t.equal(refusalOf(cluster, copyFor(undefined, contextOf(held))), undefined)
})
