import type { ExchangeCounts } from './entropy/exchange.ts'
import type { NodeId } from './ids.ts'
import type { WholenessView } from './wholeness/wholeness.ts'

/** What a host shows of a replica: counts for status, log and monitor. */
export type ReplicaView = {
  readonly epoch: string
  readonly connected: readonly NodeId[]
  readonly coordinating: number
  /** Full reads that a second node was asked for, and copies that gets wrote back. */
  readonly hedges: number
  readonly repairs: number
  readonly pendingBytes: number
  readonly commits: number
  readonly rowsCommitted: number
  /** Rows in the store that are no objects: members, hints, the tree. */
  readonly rowsAside: number
  /** Hints for all owners, and their bytes. */
  readonly hints: number
  readonly hintBytes: number
  /** Vector entries dropped past the limit, since the start. */
  readonly pruned: number
  /** False while the tree is counted again after a crash. */
  readonly treeReady: boolean
  readonly exchange: ExchangeCounts
  readonly wholeness: WholenessView
}
