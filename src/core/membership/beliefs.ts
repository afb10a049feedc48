/** What one node believes of every member: for `kv gossip`, status and monitor. */
import type { Epoch, NodeId } from '../ids.ts'

/** alive; suspect: by this observer; down: confirmed by others; left: stopped on purpose. */
export const memberStatuses = ['alive', 'suspect', 'down', 'left'] as const
export type MemberStatus = (typeof memberStatuses)[number]

export type Belief = {
  readonly node: NodeId
  readonly status: MemberStatus
  /** undefined: this node does not watch that one. */
  readonly phi: number | undefined
  /** Milliseconds since the last sign of life. */
  readonly heardMs: number | undefined
  readonly incarnation: number
  readonly heartbeat: number
  /** Members that accuse it in its present incarnation. */
  readonly accusers: readonly NodeId[]
  /** Keys it says it holds; undefined: it has not said. */
  readonly keys: number | undefined
}

export type Beliefs = {
  readonly epoch: Epoch
  /** False where this node is no member: it owns nothing. */
  readonly member: boolean
  readonly beliefs: readonly Belief[]
  readonly rounds: number
  /** Milliseconds since the last exchange ended; undefined: there was none. */
  readonly lastExchangeMs: number | undefined
  /** Records refused: absurd counters, members that are none. */
  readonly refused: number
}

/** What a node tells people of the members, and of its own clock. */
export type ToldBeliefs = Beliefs & {
  /** Its wall clock less the middle one of its peers'; undefined: it knows none. */
  readonly clockAheadMs: number | undefined
}
