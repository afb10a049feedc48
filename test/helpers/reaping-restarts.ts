/** Plays of reaping in which nodes start again, as those of `reaping-scenarios.ts`. */
import type { Key, NodeId } from '../../src/core/ids.ts'
import type { PeerMessage } from '../../src/core/message.ts'
import { objectRowKey } from '../../src/core/row-key.ts'
import type { RowKey } from '../../src/core/step.ts'
import {
  begin,
  copyFrom,
  type Passes,
  reapedAt,
  remove,
  sameOwnersAs,
} from './reaping-scenarios.ts'
import { contextOf, live, startOn, type TestNode } from './replicas.ts'

/**
 * Two owners run on old directories, which hear of each other before they hear of the third. A
 * copy of what was deleted and reaped is on its way to a disk when its partition is set aside.
 */
export function pendingCopy(): string {
  const { cluster, key, token, owners } = begin()
  const [first, second, third] = owners as [TestNode, TestNode, TestNode]
  const without = new Map(third.disk)
  cluster.call('n1', cluster.put(key, 'v'))
  const before = new Map(second.disk)
  const late = copyFrom(cluster, second, key)
  remove(cluster, key, 'n1')
  live(cluster, 20_000)
  if (reapedAt(cluster) !== 3) return 'not reaped'
  startOn(cluster, second, before)
  startOn(cluster, third, without)
  const isBetween: Passes = ({ from, to }) => [from, to].every(id => olds.includes(id as NodeId))
  const olds = [second.id, third.id]
  live(cluster, 500, isBetween)
  third.step({ type: 'message', from: second.id, message: late })
  third.step({ type: 'turn' })
  if (third.commit === undefined) return 'not taken'
  // Its disk is slow: it hears of the first owner, and looks for rows, before it is there.
  for (let i = 0; i < 100; i++) {
    cluster.pass(20)
    cluster.gossip.splice(0)
    for (const letter of cluster.letters.splice(0)) {
      const { from, to, message } = letter
      const isOfRounds = message.type === 'round' || message.type === 'rounded'
      if (isOfRounds && [from, to].every(id => id === first.id || id === third.id)) {
        cluster.deliver(letter)
      }
    }
    first.flush()
  }
  third.flush()
  live(cluster, 20_000)
  return first.disk.has(objectRowKey(token, key as Key)) ? 'back' : 'gone'
}

/**
 * One owner has reaped, the leader ended before it had, and neither hears how far the others are.
 * A round that is about pins alone finds what they hold different, and needs it not to be equal.
 */
export function pinsAfterReap(): string {
  const { cluster, key, token, owners } = begin()
  const [leader, second, third] = owners as [TestNode, TestNode, TestNode]
  const other = sameOwnersAs(cluster, key)
  const put = cluster.put(other, 'x')
  cluster.call('n1', put)
  cluster.call('n1', cluster.put(key, 'v'))
  remove(cluster, key, 'n1')
  const row = objectRowKey(token, key as Key)
  let kept = new Map<RowKey, Uint8Array>()
  let ended = false
  const isLearn = (message: PeerMessage) => message.type === 'round' && message.step === 'learn'
  const onlySecond: Passes = ({ from, to, message }) => {
    if (message.type === 'rounded' && to === leader.id && !ended) kept = new Map(leader.disk)
    if (message.type !== 'round' || message.step !== 'reap') return !ended
    if (to === second.id && from === leader.id) ended = true
    return to === second.id
  }
  while (!ended && cluster.now < 60_000) live(cluster, 250, onlySecond)
  // It was killed with its own reaping on the way to its disk.
  startOn(cluster, leader, kept)
  const held = () => owners.map(node => node.disk.has(row))
  if (String(held()) !== 'true,false,true') return `not reaped by one: ${held()}`
  // The leader hears of the third alone, and second sends leave pins.
  live(cluster, 500, ({ from, to, message }) => {
    const ofSecond = from === second.id || to === second.id
    return !(ofSecond && (isLearn(message) || message.type === 'rounded'))
  })
  cluster.call(third.id, { ...put, again: true })
  const context = contextOf(cluster.call(third.id, cluster.get(other)))
  cluster.call(third.id, cluster.put(other, 'y', { context, generation: 99 }))
  if (third.replica.observe().reaping.pins === 0) return 'no pins'
  let back = false
  const until = cluster.now + 40_000
  live(cluster, 80_000, ({ to, message }) => {
    back ||= second.disk.has(row)
    return !isLearn(message) || to !== second.id || cluster.now > until
  })
  if (third.replica.observe().reaping.pins > 0) return 'the pins stay'
  return back ? 'back for a while' : 'away'
}
