/** How a node is: what its host says of the process and of the store. */
import type { NodeId, RequestId, StartId, StoreId } from './ids.ts'

export type StatusReply = {
  readonly type: 'status-is'
  readonly id: RequestId
  readonly node: NodeId
  readonly store: StoreId
  readonly start: StartId
  readonly upMs: number
  readonly keys: number
  readonly commits: number
  readonly full: boolean
  /** Nodes that this one has a proved connection to. */
  readonly connected: readonly NodeId[]
  readonly counters: readonly (readonly [name: string, value: number])[]
}
