/**
 * What a client makes of a failure: whether another node may do better, and what the caller is
 * told at the end. A failure is *definite* only where no try of a write can have taken effect
 * (design §7.12). A read has no effect, so its failures are always definite.
 */

import type { ClientReply } from '../message.ts'
import { type Code, type Failure, nothingDone } from '../outcome.ts'
import { type Call, type CallResult, isWrite, mayHaveHappened } from './call.ts'

/**
 * patiently: any node, the same ones again, until the deadline.
 * others: each node at most once: what one cannot do another may.
 * never: every node would say the same.
 */
export type Retry = 'patiently' | 'others' | 'never'

export const retryOf: { readonly [C in Code]: Retry } = {
  BUSY: 'patiently',
  STALE_VIEW: 'patiently',
  BELOW_FLOOR: 'patiently',
  OP_AHEAD: 'patiently',
  UNREACHABLE: 'others',
  STORE_FULL: 'others',
  QUORUM: 'others',
  TIMEOUT: 'others',
  INTERNAL: 'others',
  PROTOCOL: 'others',
  STORE_REFUSED: 'others',
  USAGE: 'never',
  TOO_LARGE: 'never',
  BAD_CONTEXT: 'never',
  NOT_FOUND: 'never',
  UNKNOWN_NODE: 'never',
  RETRY_EXPIRED: 'never',
  CONFLICT: 'never',
  SIBLING_LIMIT: 'never',
  ABORTED: 'never',
  CHECK_FAILED: 'never',
  CLUSTER_CONFLICT: 'never',
  SETTINGS_DIFFER: 'never',
  PORT_IN_USE: 'never',
  FAULTS_OFF: 'never',
  CANCELLED: 'never',
  DENIED: 'never',
}

/** The failure as the caller gets it: definite only where all that was sent was refused. */
export function failed(call: Call, failure: Failure): CallResult {
  const definite = isWrite(call) ? failure.outcome.definite && !mayHaveHappened(call) : true
  const outcome = { ...failure.outcome, definite, op: call.op ?? failure.outcome.op }
  return { type: 'failed', failure: { ...failure, outcome }, explained: call.explained }
}

/** The end of a call that nobody answered; `needed` is its quorum. */
export function expired(call: Call, needed: number): CallResult {
  const refused = call.open.length === 0 && !call.unsure ? call.lastFailure : undefined
  if (refused !== undefined && !internalCodes.has(refused.code)) return failed(call, refused)
  if (call.asked.length === 0) {
    return failed(call, failureOf('UNREACHABLE', 'no node could be asked in time', needed))
  }
  const text =
    call.clocks === undefined
      ? `no answer in time from ${call.asked.join(', ')}`
      : `the clocks of ${[...call.clocks.keys()].join(', ')} are a day behind this operation id`
  return failed(call, failureOf('TIMEOUT', text, needed))
}

/** A failure found on this side: nothing was done for it. */
export function failureOf(code: Code, message: string, needed: number): Failure {
  return { code, message, outcome: nothingDone(needed) }
}

/** A refusal is quick and no merit: it must not draw more calls to that node. */
export function costMs(tookMs: number, reply: ClientReply): number {
  const isNodes = reply.type === 'failed' && retryOf[reply.failure.code] !== 'never'
  return isNodes ? Math.max(tookMs, refusalCostMs) : tookMs
}

const refusalCostMs = 100
/** They say nothing to a caller. */
const internalCodes: ReadonlySet<Code> = new Set(['STALE_VIEW', 'OP_AHEAD'])
