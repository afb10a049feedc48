/** Plays about when pins may be shed, and what a context may leave out: see `pins-scenarios.ts`. */
import { binaryOfUint48 } from '../../src/core/binary.ts'
import { encodeObject } from '../../src/core/causality/object.ts'
import type { Actor, NodeId, OpId } from '../../src/core/ids.ts'
import type { PutRequest, StoreCopy } from '../../src/core/message.ts'
import { nodeHash } from './hash.ts'
import { apart, ask, begin, cut, endOf, type Passes, supersede } from './pins-scenarios.ts'
import { codeOf, contextOf, live, type TestCluster, type TestNode, valuesOf } from './replicas.ts'

/** The other dot of a put, which a coordinator elsewhere made, on its way as a copy. */
function otherDot(
  cluster: TestCluster,
  put: PutRequest,
  generation: number,
  owner?: NodeId,
): StoreCopy {
  const value = put.value ?? new Uint8Array(0)
  const dot = { actor: 'elsewhere'.slice(0, 8) as Actor, counter: 1 }
  const checksum = nodeHash.crc32(value)
  const at = cluster.wall
  const version = { dot, op: put.op, tombstone: false, checksum, at, via: 'n9' as NodeId, value }
  const object = encodeObject({ vector: [dot], ops: [put.op], pins: [], versions: [version] })
  const token = cluster.node('n1').replica.placement.tokenOf(put.key)
  const envelope = { id: 78, epoch: cluster.epoch, timeLeft: 60_000, key: put.key, token }
  return { type: 'store', ...envelope, object, generation, time: at, owner }
}

const roundsOf = (nodes: readonly TestNode[]) =>
  nodes.reduce((sum, { replica }) => sum + replica.observe().reaping.rounds, 0)

/** A put that all owners have, sent a second time, so that it is pinned; then overwritten. */
function pinnedAndForgotten() {
  const play = begin()
  const { cluster, key, owners } = play
  const put = cluster.put(key, 'VALUE')
  ask(cluster, owners[0], put)
  ask(cluster, owners[1], { ...put, again: true })
  supersede(cluster, key, owners[0], 9)
  return { ...play, put }
}

/** The lowest of three pins; then a copy of the other dot comes. */
export function threePins(): string {
  const { cluster, key, owners, put } = pinnedAndForgotten()
  for (const value of ['second', 'third']) {
    const more = cluster.put(key, value, { generation: 99 })
    ask(cluster, owners[0], more)
    ask(cluster, owners[1], { ...more, again: true })
  }
  supersede(cluster, key, owners[0], 9)
  deliver(cluster, owners[2], otherDot(cluster, put, 0))
  return endOf(cluster, key)
}

/** The first try is known at its second send; its third makes a dot on an island. */
export function knownThenIsland(): string {
  const { cluster, key, owners, others } = begin()
  const [first, second, third] = owners
  const put = cluster.put(key, 'VALUE')
  ask(cluster, first, put)
  const island = [third, others[0] as TestNode]
  for (const row of third.disk.keys()) if (row.startsWith('\x10')) third.disk.delete(row)
  const passes = apart(...island)
  cut(cluster, island, true)
  ask(cluster, second, { ...put, again: true }, passes)
  ask(cluster, third, { ...put, again: true }, passes)
  supersede(cluster, key, first, 10, passes)
  cut(cluster, island, false)
  return endOf(cluster, key)
}

/** A hint with the other dot waits at its holder until the round has turned. */
export function hintBehindTurn(): string {
  const { cluster, key, owners, others, put } = pinnedAndForgotten()
  const [holder, owner] = [others[0] as TestNode, owners[2]]
  holder.step({ type: 'disconnected', node: owner.id })
  deliver(cluster, holder, otherDot(cluster, put, 0, owner.id))
  live(cluster, 20_000)
  holder.step({ type: 'connected', node: owner.id })
  return endOf(cluster, key)
}

/** One owner lacks the pin, and a copy of the other dot reaches it after it has marked. */
export function oneLacksThePin(): string {
  const { cluster, key, owners } = begin()
  const [first, , third] = owners
  const put = cluster.put(key, 'VALUE')
  ask(cluster, first, put)
  cluster.ask(first.id, { ...put, again: true })
  cluster.settle(({ message }) => message.type !== 'store')
  // It ends before it has told the others, and has no hints for them.
  first.restart()
  for (const { id } of cluster.members) {
    if (id !== first.id) first.step({ type: 'connected', node: id })
  }
  live(cluster, 1000, ({ message }) => message.type !== 'round' || message.step === 'learn')
  supersede(cluster, key, third, 9)
  let late: StoreCopy | undefined = otherDot(cluster, put, 0)
  live(cluster, 30_000, ({ message }) => {
    if (message.type !== 'round' || message.step !== 'turn' || late === undefined) return true
    third.step({ type: 'message', from: first.id, message: late })
    late = undefined
    return true
  })
  return late === undefined ? endOf(cluster, key) : 'no round'
}

/** Another operation is pinned between the mark and the end of a round. */
export function pinnedMeanwhile(): string {
  const { cluster, key, owners } = pinnedAndForgotten()
  const [first, second, third] = owners
  let next: PutRequest | undefined
  const passes: Passes = ({ message }) => {
    if (message.type === 'round' && message.step === 'drain' && next === undefined) {
      next = cluster.put(key, 'VALUE', { generation: 99 })
      cluster.ask(first.id, next)
      cluster.ask(second.id, { ...next, again: true })
    }
    return true
  }
  const before = roundsOf(owners)
  for (let i = 0; i < 200 && roundsOf(owners) === before; i++) live(cluster, 250, passes)
  if (next === undefined) return 'no round'
  supersede(cluster, key, first, 9)
  deliver(cluster, third, otherDot(cluster, next, 1))
  return endOf(cluster, key)
}

/** A put is deleted and reaped; then it comes again, as it was sent first. */
export function reapedThenAgain(): string {
  const { cluster, key, owners } = begin()
  const put = cluster.put(key, 'VALUE')
  ask(cluster, owners[0], put)
  supersede(cluster, key, owners[0], 1)
  live(cluster, 25_000)
  for (const owner of owners) ask(cluster, owner, { ...put, again: true })
  return endOf(cluster, key)
}

/** A second send through a fallback that holds nothing, with a context that saw its superseder. */
export function newerContext(): string {
  const { cluster, key, owners, others } = begin()
  const [first] = owners
  const put = cluster.put(key, 'VALUE')
  const context = contextOf(ask(cluster, first, put))
  ask(cluster, first, cluster.put(key, 'over', { context }))
  const newer = contextOf(ask(cluster, first, cluster.get(key)))
  forward(cluster, others[0] as TestNode, { ...put, context: newer, again: true })
  return lastOf(cluster, key)
}

/** Two operations, sent twice on two sides in opposite orders. */
export function oppositeOrders(): string {
  const { cluster, key, owners, others } = begin()
  const [first, second] = owners
  const island = [second, others[0] as TestNode]
  const passes = apart(...island)
  cut(cluster, island, true)
  const put = cluster.put(key, 'VALUE')
  const context = contextOf(ask(cluster, first, put, passes))
  const over = cluster.put(key, 'over', { context })
  ask(cluster, first, over, passes)
  ask(cluster, second, { ...over, again: true }, passes)
  ask(cluster, second, { ...put, again: true }, passes)
  cut(cluster, island, false)
  return lastOf(cluster, key)
}

/** A context that covers the second dot is used where nothing is held; then the first dot comes. */
export function contextWithoutPin(): string {
  const { cluster, key, owners, others } = begin()
  const [first, second, third] = owners
  const holder = others[0] as TestNode
  const put = cluster.put(key, 'VALUE')
  // Only its other dot is anywhere else.
  const context = contextOf(ask(cluster, first, { ...put, again: true }))
  const island = [holder, others[1] as TestNode]
  const passes = apart(...island)
  cut(cluster, island, true)
  let seen = context
  for (let i = 0; i < 10; i++) {
    const reply = ask(cluster, holder, cluster.put(key, `on ${i}`, { context: seen }), passes)
    seen = contextOf(reply)
  }
  for (const { id } of [first, second, third]) {
    holder.step({ type: 'message', from: first.id, message: otherDot(cluster, put, 0, id) })
  }
  cluster.settle(passes)
  const got = ask(cluster, holder, cluster.get(key), passes)
  return valuesOf(got).includes('VALUE') ? 'back' : 'once'
}

/** The eighth id that a put had seen, in its reply's context: a second send of it comes with that. */
export function eighthId(): string {
  const { cluster, key, owners, others } = begin()
  const [first] = owners
  const time = binaryOfUint48(cluster.wall)
  const opAt = (number: number) => (time + String(number).padStart(6, '0')) as OpId
  let context: Uint8Array | undefined
  let put: PutRequest | undefined
  for (const number of [15, 20, 30, 40, 50, 60, 70, 80]) {
    const next = cluster.put(key, number === 15 ? 'VALUE' : `${number}`, {
      context,
      op: opAt(number),
    })
    context = contextOf(ask(cluster, first, next))
    put ??= next
  }
  context = contextOf(ask(cluster, first, cluster.put(key, 'low', { context, op: opAt(10) })))
  const island = [others[0] as TestNode, others[1] as TestNode]
  const passes = apart(...island)
  cut(cluster, island, true)
  const again = { ...(put as PutRequest), context, again: true }
  const reply = ask(cluster, island[0] as TestNode, again, passes)
  cut(cluster, island, false)
  return `${codeOf(reply)}, ${lastOf(cluster, key)}`
}

/**
 * P was sent twice and acknowledged while one owner was away; what superseded P is durable at the
 * leader of rounds alone, and hints and comparing are late. A round that names P must not make the
 * owner that was away call it superseded: then whoever meets it would drop P, and once the leader's
 * disk is lost nothing is left.
 */
export function plantedPin(): string {
  const { cluster, key, owners } = begin()
  const [leader, other, away] = owners
  ask(cluster, leader, cluster.put(key, 'before'))
  live(cluster, 3000)
  cut(cluster, [away], true)
  const seen = contextOf(ask(cluster, leader, cluster.get(key), apart(away)))
  const put = cluster.put(key, 'VALUE', { context: seen, strict: true })
  ask(cluster, leader, put, apart(away))
  const context = contextOf(ask(cluster, other, { ...put, again: true }, apart(away)))
  const later = cluster.put(key, 'later', { context, strict: true, timeLeft: 1000 })
  ask(cluster, leader, later, () => false)
  cut(cluster, [leader, away], true)
  live(cluster, 9000, ({ from, to }) => ![from, to].some(id => id === leader.id || id === away.id))
  for (const one of cluster.nodes) reconnect(cluster, one)
  live(cluster, 1500, ({ message }) => !movesObjects.has(message.type))
  leader.wipe()
  reconnect(cluster, leader)
  return lastOf(cluster, key)
}

const movesObjects: ReadonlySet<string> = new Set([
  ...['handoff', 'handed', 'store', 'stored'],
  ...['compare', 'compared', 'sketch', 'differ', 'differing'],
])

function reconnect(cluster: TestCluster, node: TestNode): void {
  for (const other of cluster.nodes) {
    if (other === node) continue
    node.step({ type: 'connected', node: other.id })
    other.step({ type: 'connected', node: node.id })
  }
}

function deliver(cluster: TestCluster, to: TestNode, message: StoreCopy): void {
  to.step({ type: 'message', from: 'n1' as NodeId, message })
  cluster.settle()
}

/** As another node hands on what a client asked it for. */
function forward(cluster: TestCluster, to: TestNode, request: PutRequest): void {
  const { epoch, timeLeft } = request
  const from = cluster.nodes.find(node => node !== to)!.id
  const message = { type: 'forward', id: 79, epoch, timeLeft, request } as const
  to.step({ type: 'message', from, message })
  for (let i = 0; i < 12; i++) live(cluster, 250)
}

/** What all owners together hold in the end. */
function lastOf(cluster: TestCluster, key: string): string {
  live(cluster, 40_000)
  const values = valuesOf(cluster.call('n1', cluster.get(key, 3)))
  return values.length === 0 ? 'lost' : values.map(value => value ?? 'deleted').join(' and ')
}
