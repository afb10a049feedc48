/** What an operator asks of a store that may lack something, and the answer. */
import type { NodeId, RequestId } from '../ids.ts'
import type { WholenessView } from './wholeness.ts'

/** Are you whole? */
export type WholenessRequest = {
  readonly type: 'wholeness'
  readonly id: RequestId
  /** Take as given what only this node could prove (`kv repair --accept-loss`). */
  readonly acceptLoss: NodeId | undefined
}

export type WholenessReply = Pick<WholenessView, 'whole' | 'unwhole' | 'waitsFor'> & {
  readonly type: 'wholeness-is'
  readonly id: RequestId
  readonly node: NodeId
  /** Partitions that waited for the node whose loss was accepted. */
  readonly helped: number
}
