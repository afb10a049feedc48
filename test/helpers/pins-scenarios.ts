/**
 * What would make an operation take effect twice, as short plays with five replicas: each says
 * what became of a value that was superseded. Run with the code as it is, and with each
 * known-bad version by `test/scenarios/pins.ts`.
 */
import type { Key, NodeId } from '../../src/core/ids.ts'
import type { PeerMessage } from '../../src/core/message.ts'
import { contextOf, live, TestCluster, type TestNode, valuesOf } from './replicas.ts'

type Letter = { readonly from: NodeId; readonly to: NodeId; readonly message: PeerMessage }
export type Passes = (letter: Letter) => boolean

/** A cluster that has run for long enough to compare, and a key with its owners and fallbacks. */
export function begin() {
  const cluster = new TestCluster(5)
  live(cluster, 8000)
  const key = 'cart:9'
  const { placement } = cluster.node('n1').replica
  const token = placement.tokenOf(key as Key)
  const owners = placement.primaries(token).map(id => cluster.node(id))
  const others = placement.fallbacks(token).map(id => cluster.node(id))
  return { cluster, key, token, owners: owners as [TestNode, TestNode, TestNode], others }
}

/** Nothing passes between these nodes and the others. */
export function apart(...nodes: readonly TestNode[]): Passes {
  const isIn = (id: NodeId) => nodes.some(node => node.id === id)
  return ({ from, to }) => isIn(from) === isIn(to)
}

/** Their connections are gone, or there again. */
export function cut(cluster: TestCluster, nodes: readonly TestNode[], isCut: boolean): void {
  const type = isCut ? 'disconnected' : 'connected'
  for (const one of cluster.nodes) {
    for (const other of cluster.nodes) {
      if (one === other || nodes.includes(one) === nodes.includes(other)) continue
      one.step({ type, node: other.id })
    }
  }
}

/** Asks, and lives on until the answer is there. */
export function ask(
  cluster: TestCluster,
  at: TestNode,
  request: Parameters<TestCluster['ask']>[1],
  passes?: Passes,
) {
  const before = at.replies.length
  cluster.ask(at.id, request)
  cluster.settle(passes)
  // The next operation has a higher id.
  cluster.pass(10)
  for (let i = 0; i < 40 && at.replies.length === before; i++) live(cluster, 250, passes)
  return at.replies[before]
}

/** Puts, each of which has seen the one before, and at last a delete. */
export function supersede(
  cluster: TestCluster,
  key: string,
  at: TestNode,
  times: number,
  passes?: Passes,
): void {
  for (let i = 1; i <= times; i++) {
    const context = contextOf(ask(cluster, at, cluster.get(key), passes))
    const value = i === times ? undefined : `later ${i}`
    ask(cluster, at, cluster.put(key, value, { context, generation: 99 }), passes)
  }
}

/** Which values all owners together show once everything healed. */
export function endOf(cluster: TestCluster, key: string): string {
  live(cluster, 40_000)
  const values = valuesOf(cluster.call('n1', cluster.get(key, 3)))
  return values.some(value => value === 'VALUE') ? 'back' : 'once'
}

/** A put through an owner that is cut off, again through another: eight later writes, and it heals. */
export function splitAndRetry(): string {
  const { cluster, key, owners } = begin()
  const [alone, other] = owners
  const context = contextOf(ask(cluster, alone, cluster.put(key, 'before')))
  const passes = apart(alone)
  const put = cluster.put(key, 'VALUE', { context, strict: true, timeLeft: 2000 })
  ask(cluster, alone, put, passes)
  cut(cluster, [alone], true)
  const again = ask(cluster, other, { ...put, again: true, timeLeft: 5000 }, passes)
  if (again?.type !== 'wrote') return `the second send ${again?.type}`
  supersede(cluster, key, other, 8, passes)
  cut(cluster, [alone], false)
  return endOf(cluster, key)
}

/** The same, and it was the first try that was overwritten: its coordinator ended in doubt. */
export function splitAndRetryMirrored(): string {
  const { cluster, key, owners, others } = begin()
  const [first, second] = owners
  const context = contextOf(ask(cluster, first, cluster.put(key, 'before')))
  const island = [second, others[0] as TestNode]
  const passes = apart(...island)
  const put = cluster.put(key, 'VALUE', { context, timeLeft: 1000, w: 3 })
  // Its own side takes it, and too few answer: nobody knows whether it took effect.
  cut(cluster, island, true)
  ask(cluster, first, put, ({ from, to, message }) =>
    message.type === 'stored' ? false : passes({ from, to, message }),
  )
  ask(cluster, second, { ...put, again: true, w: 2, timeLeft: 5000 }, passes)
  // The island is suspected by now: no hint is kept in the midst of the writes, with ids of then.
  live(cluster, 8000, passes)
  supersede(cluster, key, first, 10, passes)
  cut(cluster, island, false)
  return endOf(cluster, key)
}

/**
 * A strict second send whose coordinator was away from the first try on, and can ask nobody: the
 * only other owner that it reaches takes copies and answers no reads.
 */
export function strictUnasked(): string {
  const { cluster, key, owners } = begin()
  const [first, away, third] = owners
  const context = contextOf(ask(cluster, first, cluster.put(key, 'before')))
  cut(cluster, [away], true)
  const put = cluster.put(key, 'VALUE', { context, strict: true })
  ask(cluster, first, put, apart(away))
  supersede(cluster, key, first, 10, apart(away))
  // Now the two are together, and apart from all others: no hint came home in between.
  const pair = [away, third]
  for (const other of cluster.nodes) {
    if (pair.includes(other)) continue
    third.step({ type: 'disconnected', node: other.id })
    other.step({ type: 'disconnected', node: third.id })
  }
  away.step({ type: 'connected', node: third.id })
  third.step({ type: 'connected', node: away.id })
  const passes: Passes = letter => letter.message.type !== 'read' && apart(...pair)(letter)
  const again = ask(cluster, away, { ...put, again: true, timeLeft: 3000 }, passes)
  cut(cluster, pair, false)
  const code = again?.type === 'failed' ? again.failure.code : again?.type
  return `${code}, ${endOf(cluster, key)}`
}

/** A put that is sent twice, and overwritten. */
export function putTwice({
  cluster,
  key,
  owners,
}: Pick<ReturnType<typeof begin>, 'cluster' | 'key' | 'owners'>): void {
  const [first, second] = owners
  const put = cluster.put(key, 'VALUE')
  ask(cluster, first, put)
  const context = contextOf(ask(cluster, second, { ...put, again: true }))
  ask(cluster, second, cluster.put(key, 'over', { context }))
}
