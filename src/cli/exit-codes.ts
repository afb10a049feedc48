/** The one table from a failure's code to the exit code of `kv`. */
import type { Code } from '../core/outcome.ts'

const exitCodes: Readonly<Record<Code, number>> = {
  INTERNAL: 1,
  PROTOCOL: 1,
  USAGE: 2,
  TOO_LARGE: 2,
  BAD_CONTEXT: 2,
  NOT_FOUND: 3,
  UNKNOWN_NODE: 3,
  UNREACHABLE: 4,
  BUSY: 4,
  STALE_VIEW: 4,
  BELOW_FLOOR: 4,
  OP_AHEAD: 4,
  QUORUM: 5,
  STORE_FULL: 5,
  RETRY_EXPIRED: 5,
  CONFLICT: 6,
  SIBLING_LIMIT: 6,
  TIMEOUT: 7,
  ABORTED: 8,
  CHECK_FAILED: 9,
  CLUSTER_CONFLICT: 10,
  SETTINGS_DIFFER: 10,
  STORE_REFUSED: 10,
  PORT_IN_USE: 10,
  FAULTS_OFF: 10,
  DENIED: 11,
  CANCELLED: 130,
}

/** Of several exit codes the one to end with, worst first: 5, 7, 4, 6, 3, 0; any other before. */
const mildness = [5, 7, 4, 6, 3, 0]

export const unknownCommandExit = 127

export function exitOf(code: Code): number {
  return exitCodes[code]
}

export function isCode(value: unknown): value is Code {
  return typeof value === 'string' && Object.hasOwn(exitCodes, value)
}

/** The exit code of a command that did several things, from those of its parts. */
export function worstExit(exits: Iterable<number>): number {
  let worst = 0
  for (const exit of exits) {
    if (mildness.indexOf(exit) < mildness.indexOf(worst)) worst = exit
  }
  return worst
}
