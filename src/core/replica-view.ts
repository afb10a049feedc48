/** What a host shows of a replica. */
import type { Carrier } from './carrier.ts'
import type { Damage } from './damage.ts'
import type { Exchange, ExchangeCounts } from './entropy/exchange.ts'
import type { Tree } from './entropy/tree.ts'
import type { Hints } from './handoff/hints.ts'
import type { NodeId } from './ids.ts'
import type { Membership } from './membership/membership.ts'
import type { Pending } from './pending.ts'
import type { Placement } from './placement.ts'
import type { Gets } from './quorum/gets.ts'
import type { SecondSendCounts } from './quorum/making.ts'
import type { OwedHints } from './quorum/owed-hints.ts'
import type { Puts } from './quorum/puts.ts'
import type { Reaping, ReapingCounts } from './reaping/reaping.ts'
import type { Requests } from './requests.ts'
import type { Room } from './room.ts'
import type { Recalls } from './wholeness/recalls.ts'
import type { Wholeness, WholenessView } from './wholeness/wholeness.ts'

/** Counts for status, log and monitor. */
export type ReplicaView = {
  readonly epoch: string
  readonly connected: readonly NodeId[]
  readonly coordinating: number
  /** Answered puts that a primary has not acknowledged yet. */
  readonly owed: number
  /** Bytes that are held for clients. */
  readonly heldBytes: number
  /** Full reads that a second node was asked for, and copies that gets wrote back. */
  readonly hedges: number
  readonly repairs: number
  readonly pendingBytes: number
  /** Puts are refused: the disk is almost full. */
  readonly full: boolean
  readonly commits: number
  readonly rowsCommitted: number
  /** Rows in the store that are no objects: members, hints, the tree. */
  readonly rowsAside: number
  /** Hints for all owners, and their bytes. */
  readonly hints: number
  readonly hintBytes: number
  /** Vector entries dropped past the limit, since the start. */
  readonly pruned: number
  readonly secondSends: SecondSendCounts
  /** Rows that were found damaged, since the start. */
  readonly damaged: number
  /** False while the tree is counted again after a crash. */
  readonly treeReady: boolean
  readonly exchange: ExchangeCounts
  readonly reaping: ReapingCounts
  readonly wholeness: WholenessView
  /** Keys met of late that are too large to be sent. */
  readonly tooLarge: number
}

/** What is counted. */
export type Counted<Meaning, Then> = {
  readonly placement: Placement
  readonly requests: Requests
  readonly owed: OwedHints
  readonly gets: Gets
  readonly puts: Puts
  readonly pending: Pending<Meaning, Then>
  readonly objects: { readonly room: Room; readonly damage: Damage }
  readonly hints: Hints<Then>
  readonly membership: Membership
  readonly tree: Tree
  readonly exchange: Exchange
  readonly reaping: Reaping
  readonly wholeness: Wholeness
  readonly recalls: Recalls
  readonly carrier: Carrier
}

export function viewOf<Meaning, Then>(counted: Counted<Meaning, Then>): ReplicaView {
  const { placement, requests, gets, puts, pending, membership, tree, exchange } = counted
  const { wholeness, recalls } = counted
  const reaping = counted.reaping.counts
  let hints = 0
  for (const count of counted.hints.counts.values()) hints += count.hints
  const ofMembers = membership.view.length + recalls.rows
  const rowsAside = ofMembers + hints + tree.rows + reaping.rows + exchange.rows + wholeness.rows
  return {
    epoch: placement.epoch,
    connected: placement.connectedPeers,
    coordinating: requests.size,
    owed: counted.owed.size,
    heldBytes: requests.holdings.total,
    hedges: gets.hedges,
    repairs: gets.repairs,
    pendingBytes: pending.bytes,
    full: counted.objects.room.full,
    commits: pending.commits,
    rowsCommitted: pending.rows,
    rowsAside,
    hints,
    hintBytes: counted.hints.bytes,
    pruned: puts.pruned,
    secondSends: { ...puts.secondSends },
    damaged: counted.objects.damage.total,
    treeReady: tree.ready,
    exchange: exchange.counts,
    reaping,
    wholeness: wholeness.view(),
    tooLarge: counted.carrier.left.length,
  }
}
