/** What an operator asks of a node's hints (`kv hints`), and the answer. */
import type { NodeId, RequestId, WallTime } from '../ids.ts'

/** Which hints do you hold? */
export type HintsRequest = {
  readonly type: 'hints'
  readonly id: RequestId
  /** Hand over what is for this node now, at full speed. */
  readonly drain: NodeId | undefined
}

export type HintsReply = {
  readonly type: 'hints-are'
  readonly id: RequestId
  readonly node: NodeId
  /** Those that some hint is for. */
  readonly owners: readonly HintsOf[]
  /** What all hints may take up here. */
  readonly bytesMax: number
}
/** The hints that a node holds for one owner. */
export type HintsOf = {
  readonly owner: NodeId
  readonly hints: number
  readonly bytes: number
  /** When the oldest was first stored here. */
  readonly since: WallTime
  /** Handed over since this process began. */
  readonly handed: number
}
