/**
 * What happened to a request (design §4: "every reply says what happened"), and the stable
 * codes of failure. A failure is definite (it did not happen) or indefinite (it may have).
 */
import type { Dot } from './causality/version-vector.ts'
import type { Generation, NodeId, OpId, WallTime } from './ids.ts'

export type Outcome = {
  readonly primaryAcks: readonly NodeId[]
  readonly fallbackAcks: readonly NodeId[]
  readonly needed: number
  readonly hinted: readonly NodeId[]
  readonly repaired: readonly NodeId[]
  readonly unrepaired: boolean
  /** False where the request may have taken effect although it failed. */
  readonly definite: boolean
  readonly dot: Dot | undefined
  readonly op: OpId | undefined
}

/** Codes of failure; `kv` maps them to exit codes in one table. */
export const codes = [
  'USAGE',
  'TOO_LARGE',
  'BAD_CONTEXT',
  'NOT_FOUND',
  'UNKNOWN_NODE',
  'UNREACHABLE',
  'BUSY',
  'QUORUM',
  'STORE_FULL',
  'RETRY_EXPIRED',
  'CONFLICT',
  'SIBLING_LIMIT',
  'TIMEOUT',
  'ABORTED',
  'CHECK_FAILED',
  'CLUSTER_CONFLICT',
  'SETTINGS_DIFFER',
  'STORE_REFUSED',
  'PORT_IN_USE',
  'FAULTS_OFF',
  'CANCELLED',
  'DENIED',
  'PROTOCOL',
  'INTERNAL',
  /** Between nodes and clients only: the sender's view of the members is not the receiver's. */
  'STALE_VIEW',
  /** Likewise: what was sent is older than what was reaped since. */
  'BELOW_FLOOR',
  /** Likewise: the operation id is more than a day ahead of the node's clock. */
  'OP_AHEAD',
] as const
export type Code = (typeof codes)[number]

/** A request that failed, as a value. */
export type Failure = {
  readonly code: Code
  /** One line of ASCII for a person; never a key's or value's raw bytes. */
  readonly message: string
  readonly outcome: Outcome
  /** Where that is why: what is stamped below it is refused (design §2). */
  readonly floor?: Generation
  /** Of OP_AHEAD: the time by that node's clock. */
  readonly time?: WallTime
}

/** The outcome of a request that has changed nothing; by default nobody has answered it. */
export function nothingDone(
  needed: number,
  op?: OpId,
  primaryAcks: readonly NodeId[] = nobody,
): Outcome {
  return {
    primaryAcks,
    fallbackAcks: nobody,
    needed,
    hinted: nobody,
    repaired: nobody,
    unrepaired: false,
    definite: true,
    dot: undefined,
    op,
  }
}

const nobody: readonly NodeId[] = []
