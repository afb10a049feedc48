/** What a node says of its process to `kv node status`, `kv cluster status` and the bench. */
import type { Instant, NodeId, RequestId, StartId, StoreId } from '../core/ids.ts'
import type { ReplicaView } from '../core/replica-view.ts'
import type { StatusReply } from '../core/status-message.ts'
import type { Counters } from './counters.ts'

/** What does not change while the process lives. */
export type NodeIdentity = {
  readonly node: NodeId
  readonly store: StoreId
  readonly start: StartId
  readonly startedAt: Instant
}

export type NodeFacts = {
  readonly id: RequestId
  readonly now: Instant
  readonly keys: number
  readonly commits: number
  readonly connected: readonly NodeId[]
  readonly view: ReplicaView
  readonly inFlight: number
  readonly connections: number
  readonly counters: Counters & { readonly lostOnPurpose: number }
}

export function statusReply(identity: NodeIdentity, facts: NodeFacts): StatusReply {
  const { view, now } = facts
  return {
    type: 'status-is',
    id: facts.id,
    node: identity.node,
    store: identity.store,
    start: identity.start,
    upMs: Math.round(now - identity.startedAt),
    keys: facts.keys,
    commits: facts.commits,
    full: view.full,
    connected: facts.connected,
    counters: [
      ...Object.entries(facts.counters),
      ['hints', view.hints],
      ['hintBytes', view.hintBytes],
      ['prunedEntries', view.pruned],
      ['damagedRows', view.damaged],
      ['whole', view.wholeness.whole ? 1 : 0],
      ['unwholePartitions', view.wholeness.unwhole],
      ['inFlight', facts.inFlight],
      ['connections', facts.connections],
      ['coordinating', view.coordinating],
      ['hintsOwed', view.owed],
      ['heldBytes', view.heldBytes],
      ['keysTooLarge', view.tooLarge],
      ['hedges', view.hedges],
      ['repairs', view.repairs],
      ['pendingBytes', view.pendingBytes],
      ['exchanges', view.exchange.passes],
      ['exchangesEqual', view.exchange.equal],
      ['exchangeRepaired', view.exchange.repaired],
      ['refilled', view.exchange.refilled],
      ['quarantined', view.exchange.quarantined],
      ['exchangeBytes', view.exchange.bytes],
      ['treeReady', view.treeReady ? 1 : 0],
      ['tombstones', view.reaping.tombstones],
      ['tombstoneBytes', view.reaping.tombstoneBytes],
      ['reapedKeys', view.reaping.reaped],
      ['reapRounds', view.reaping.rounds],
      ...pinCounters(view),
      ['partitionsUnheard', view.reaping.unheard],
      ...[...view.reaping.heldUp].map(
        ([node, partitions]) => [`reapingWaitsFor.${node}`, partitions] as const,
      ),
      ...ofProcess(),
    ],
  }
}

/** Second sends and what they leave behind (docs/causality.md). */
function pinCounters({ reaping, secondSends }: ReplicaView): StatusReply['counters'] {
  return [
    ['pinnedKeys', reaping.pinnedKeys],
    ['pins', reaping.pins],
    ['pinsFullKeys', reaping.fullKeys],
    ['pinsShed', reaping.pinsShed],
    ['pinsMade', secondSends.pinned],
    ['pinsWithoutRoom', secondSends.unpinned],
    ['secondDots', secondSends.dots],
    ['secondDotsUnasked', secondSends.unasked],
    ['retriesUnknown', secondSends.unknown],
    ['retriesPinsFull', secondSends.full],
    ...[...reaping.pinsHeldUp].map(
      ([node, partitions]) => [`pinsWaitFor.${node}`, partitions] as const,
    ),
  ]
}

/** What the operating system says of this process. */
function ofProcess(): StatusReply['counters'] {
  const cpu = process.cpuUsage()
  const memory = process.memoryUsage()
  return [
    ['cpuUserUs', cpu.user],
    ['cpuSystemUs', cpu.system],
    ['rssBytes', memory.rss],
    ['heapBytes', memory.heapUsed],
    ['externalBytes', memory.external + memory.arrayBuffers],
  ]
}
