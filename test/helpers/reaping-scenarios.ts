/**
 * What P only argues, and what its known-bad versions break, as short plays with five replicas:
 * each says what became of a deleted value. Run with the code as it is, and with each known-bad
 * version by `test/scenarios/reaping.ts`.
 */
import type { Key, NodeId } from '../../src/core/ids.ts'
import type { PeerMessage, StoreCopy } from '../../src/core/message.ts'
import { objectRowKey } from '../../src/core/row-key.ts'
import type { RowKey } from '../../src/core/step.ts'
import { contextOf, live, TestCluster, type TestNode, valuesOf } from './replicas.ts'

export type Passes = (letter: { from: string; to: string; message: PeerMessage }) => boolean
const all: Passes = () => true

/** A cluster that has run for long enough to compare, and a key with its primaries and fallbacks. */
export function begin() {
  const cluster = new TestCluster(5)
  live(cluster, 8000)
  const key = 'k'
  const { placement } = cluster.node('n1').replica
  const token = placement.tokenOf(key as Key)
  const owners = placement.primaries(token).map(id => cluster.node(id))
  const others = placement.fallbacks(token).map(id => cluster.node(id))
  return { cluster, key, token, owners, others }
}

/** Deletes what a get of all shows. */
export function remove(cluster: TestCluster, key: string, at: string, passes = all): void {
  const ask = (request: Parameters<TestCluster['ask']>[1]) => {
    const before = cluster.node(at).replies.length
    cluster.ask(at, request)
    cluster.settle(passes)
    return cluster.node(at).replies[before]
  }
  const context = contextOf(ask(cluster.get(key)))
  ask(cluster.put(key, undefined, { context, generation: 99 }))
}

/** The copy that this node would send of a key, stamped as it is read now. */
export function copyFrom(cluster: TestCluster, node: TestNode, key: string): StoreCopy {
  const { placement } = node.replica
  const token = placement.tokenOf(key as Key)
  const envelope = { id: 77, epoch: cluster.epoch, timeLeft: 60_000, key: key as Key, token }
  const read: PeerMessage = { type: 'read', ...envelope, full: true }
  const asker = cluster.nodes.find(one => one !== node)!.id
  node.step({ type: 'message', from: asker, message: read })
  const letter = cluster.letters.pop()
  if (letter?.message.type !== 'held') throw new Error('no answer')
  const { object, generation } = letter.message
  if (object === undefined) throw new Error('nothing held')
  return { type: 'store', ...envelope, object, generation, time: 0, owner: undefined }
}

/** What is live at all owners together, after exchanges had time. */
export function endOf(cluster: TestCluster, key: string): string {
  live(cluster, 40_000)
  const hints = cluster.nodes.some(node => [...node.disk.keys()].some(row => row[0] === '\x20'))
  const values = valuesOf(cluster.call('n1', cluster.get(key, 3)))
  if (values.some(value => value !== undefined)) return 'back'
  return hints ? 'a hint is stuck' : 'gone'
}

export const reapedAt = (cluster: TestCluster) =>
  cluster.nodes.reduce((sum, { replica }) => sum + replica.observe().reaping.reaped, 0)

/** A copy of the value is on its way while its delete is reaped. */
export function copyInFlight(): string {
  const { cluster, key, owners } = begin()
  cluster.call('n1', cluster.put(key, 'v'))
  const late = copyFrom(cluster, owners[0]!, key)
  remove(cluster, key, 'n1')
  live(cluster, 20_000)
  if (reapedAt(cluster) !== 3) return 'not reaped'
  owners[1]!.step({ type: 'message', from: owners[0]!.id, message: late })
  return endOf(cluster, key)
}

/**
 * A get waits ten seconds for the object of one primary, whose connection to the coordinator is
 * held back; meanwhile the value is deleted, and the delete reaped. Then the object comes.
 */
export function lateRead(): string {
  const { cluster, key, owners } = begin()
  const [other, reader, writer] = owners as [TestNode, TestNode, TestNode]
  const put = cluster.put(key, 'v', { w: 1, timeLeft: 1000 })
  cluster.ask(writer.id, put)
  cluster.settle(({ from, message }) => from !== writer.id || message.type !== 'store')
  const late: Parameters<Passes>[0][] = []
  const passes: Passes = letter => {
    const { from, to, message } = letter
    if (from !== writer.id || to !== reader.id || message.type !== 'held') return true
    if (message.object !== undefined) late.push(letter)
    return message.object === undefined
  }
  const begun = cluster.now
  cluster.ask(reader.id, cluster.get(key, 2, { timeLeft: 10_000 }))
  cluster.settle(passes)
  live(cluster, 1500, passes)
  remove(cluster, key, other.id, passes)
  while (reapedAt(cluster) < 3 && cluster.now < begun + 9750) live(cluster, 250, passes)
  if (reapedAt(cluster) !== 3) return 'not reaped'
  if (late.length !== 1) return 'nothing is late'
  for (const { from, message } of late)
    reader.step({ type: 'message', from: from as NodeId, message })
  return endOf(cluster, key)
}

/** A hint with the value waits for its owner, whom its holder cannot reach. */
export function hintWaits(): string {
  const { cluster, key, owners, others } = begin()
  cluster.call('n1', cluster.put(key, 'v'))
  const [holder, owner] = [others[0]!, owners[2]!]
  const hint = { ...copyFrom(cluster, owners[0]!, key), owner: owner.id }
  holder.step({ type: 'disconnected', node: owner.id })
  holder.step({ type: 'message', from: owners[0]!.id, message: hint })
  cluster.settle()
  remove(cluster, key, 'n1')
  live(cluster, 20_000)
  const waits = reapedAt(cluster) === 0
  holder.step({ type: 'connected', node: owner.id })
  const end = endOf(cluster, key)
  return waits ? `waits, then ${end}` : end
}

/** One primary's row is that of before the delete, and exchanges are cut off for as long. */
export function onePrimaryMissed(): string {
  const { cluster, key, token, owners } = begin()
  const last = owners[2]!
  const row = objectRowKey(token, key as Key)
  cluster.call('n1', cluster.put(key, 'v'))
  const before = last.disk.get(row) as Uint8Array
  remove(cluster, key, owners[0]!.id)
  last.disk.set(row, before)
  last.restart()
  for (const { id } of cluster.members) {
    if (id !== last.id) last.step({ type: 'connected', node: id })
  }
  const passes: Passes = ({ message }) => message.type !== 'compare'
  live(cluster, 20_000, passes)
  return reapedAt(cluster) === 0 ? 'waits' : endOf(cluster, key)
}

/** A put whose reply was lost is seen, deleted and reaped; then it is sent again everywhere. */
export function lateRetry(): string {
  const { cluster, key } = begin()
  const put = cluster.put(key, 'v')
  cluster.call('n1', put)
  remove(cluster, key, 'n1')
  live(cluster, 20_000)
  if (reapedAt(cluster) !== 3) return 'not reaped'
  for (const { id } of cluster.nodes) cluster.call(id, { ...put, again: true })
  return endOf(cluster, key)
}

/** A copy reaches a fallback between its "drained" and the end of the round. */
export function lateHint(): string {
  const { cluster, key, owners, others } = begin()
  cluster.call('n1', cluster.put(key, 'v'))
  const late = { ...copyFrom(cluster, owners[0]!, key), owner: owners[2]!.id }
  remove(cluster, key, 'n1')
  let sent = false
  const passes: Passes = ({ message }) => {
    if (message.type === 'round' && message.step === 'floor' && !sent) {
      sent = true
      others[0]!.step({ type: 'message', from: owners[0]!.id, message: late })
      // Its owner cannot be reached for a moment.
      others[0]!.step({ type: 'disconnected', node: owners[2]!.id })
    }
    return true
  }
  live(cluster, 20_000, passes)
  others[0]!.step({ type: 'connected', node: owners[2]!.id })
  return sent ? endOf(cluster, key) : 'no round'
}

/**
 * A round that was given up left one primary turned. What is read there now is stamped with the
 * next generation; the round after that must not end at the same one.
 */
export function givenUpRound(): string {
  const { cluster, key, owners } = begin()
  const [starter, turned] = owners as [TestNode, TestNode, TestNode]
  // Something else to reap in the same partition.
  const other = sameOwnersAs(cluster, key)
  cluster.call('n1', cluster.put(other, 'x'))
  remove(cluster, other, 'n1')
  let turns = 0
  let kept: Map<RowKey, Uint8Array> | undefined
  const onlyOne: Passes = ({ to, message }) => {
    // The starter is killed before its own turn is durable.
    if (message.type === 'rounded' && to === starter.id && turns === 0) kept = new Map(starter.disk)
    if (message.type !== 'round' || message.step === 'learn' || message.step === 'prove')
      return true
    if (message.step !== 'turn' || to !== turned.id) return false
    turns++
    return true
  }
  live(cluster, 20_000, onlyOne)
  if (turns === 0 || kept === undefined) return 'no turn'
  starter.disk.clear()
  for (const [row, bytes] of kept) starter.disk.set(row, bytes)
  starter.restart()
  for (const { id } of cluster.members) {
    if (id !== starter.id) starter.step({ type: 'connected', node: id })
  }
  const none: Passes = ({ message }) => message.type !== 'round' || message.step === 'learn'
  live(cluster, 20_000, none)
  cluster.call('n1', cluster.put(key, 'v', { generation: 99 }))
  const late = copyFrom(cluster, turned, key)
  remove(cluster, key, 'n1')
  // One round for both.
  live(cluster, 10_000, none)
  live(cluster, 20_000)
  if (reapedAt(cluster) < 6) return 'not reaped'
  owners[2]!.step({ type: 'message', from: turned.id, message: late })
  return endOf(cluster, key)
}

/**
 * A round that was given up left one fallback turned and no owner. A client that asks there must
 * not hear of a generation at which the next round may end.
 */
export function fallbackAhead(): string {
  const { cluster, key, owners, others } = begin()
  const [starter, , away] = owners as [TestNode, TestNode, TestNode]
  const turned = others[0]!
  const other = sameOwnersAs(cluster, key)
  cluster.call('n1', cluster.put(other, 'x'))
  remove(cluster, other, 'n1')
  let kept: Map<RowKey, Uint8Array> | undefined
  let turns = 0
  live(cluster, 20_000, ({ to, message }) => {
    if (message.type === 'rounded' && to === starter.id && turns === 0) kept = new Map(starter.disk)
    if (message.type !== 'round' || message.step === 'learn') return true
    // One round and no other.
    if (message.step === 'prove') return turns === 0
    if (message.step === 'turn' && to === turned.id) turns++
    return message.step === 'turn' && to === turned.id
  })
  if (turns === 0 || kept === undefined) return 'no turn'
  starter.disk.clear()
  for (const [row, bytes] of kept) starter.disk.set(row, bytes)
  starter.restart()
  for (const { id } of cluster.members) {
    if (id !== starter.id) starter.step({ type: 'connected', node: id })
  }
  const none: Passes = ({ message }) => message.type !== 'round' || message.step === 'learn'
  live(cluster, 2000, none)
  turned.step({ type: 'disconnected', node: away.id })
  const got = cluster.call(turned.id, cluster.get(key))
  turned.step({ type: 'connected', node: away.id })
  const generation = got?.type === 'got' ? got.generation : 99
  const put = cluster.put(key, 'v', { generation })
  cluster.call('n1', put)
  remove(cluster, key, 'n1')
  // So long that the next round is for both keys.
  live(cluster, 30_000, none)
  live(cluster, 20_000)
  if (reapedAt(cluster) < 6) return 'not reaped'
  for (const { id } of cluster.nodes) cluster.call(id, { ...put, again: true })
  return endOf(cluster, key)
}

/**
 * A primary loses its disk after something of the partition was reaped: what the others hold
 * since before that is sent once, and taken.
 */
export function refillAfterReap(): string {
  const { cluster, key, owners } = begin()
  const lost = owners[2]!
  const other = sameOwnersAs(cluster, key)
  cluster.call('n1', cluster.put(key, 'kept'))
  cluster.call('n1', cluster.put(other, 'x'))
  remove(cluster, other, 'n1')
  live(cluster, 20_000)
  if (reapedAt(cluster) !== 3) return 'not reaped'
  lost.wipe()
  for (const { id } of cluster.members) {
    if (id !== lost.id) lost.step({ type: 'connected', node: id })
  }
  let sent = 0
  live(cluster, 5000, ({ to, message }) => {
    if (to === lost.id && message.type === 'fetched') sent += message.copies.length
    return true
  })
  if (sent === 0) return 'nothing was sent'
  return lost.replica.observe().exchange.refilled === sent ? 'taken' : 'thrown away'
}

/** Another key of the same partition. */
export function sameOwnersAs(cluster: TestCluster, key: string): string {
  const { placement } = cluster.node('n1').replica
  const partition = placement.tokenOf(key as Key).charCodeAt(0) >> 4
  for (let i = 0; ; i++) {
    const other = `other-${i}`
    if (placement.tokenOf(other as Key).charCodeAt(0) >> 4 === partition) return other
  }
}

export const scenarios = {
  copyInFlight,
  lateRead,
  hintWaits,
  onePrimaryMissed,
  lateRetry,
  lateHint,
  givenUpRound,
  fallbackAhead,
  refillAfterReap,
}
