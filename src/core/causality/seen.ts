/**
 * The context that a writer gets back with its put: what the put's own context saw, and the put.
 * The vector takes the new dot only where it claims nothing unseen by that: where a live version
 * of the same actor stands beside it, the operation id alone names the put, and a merge drops
 * a version whose id the other side knows and does not hold (design §2, operation ids).
 */
import type { OpId } from '../ids.ts'
import type { Seen, Siblings } from './siblings.ts'
import { type Dot, includeDot } from './version-vector.ts'

/** What the writer of `dot` has seen, given what is live beside it. */
export function seenByWriter(seen: Seen, dot: Dot, op: OpId, made: Siblings): Seen {
  const unseen = made.versions.some(
    ({ dot: other }) => other.actor === dot.actor && other.counter !== dot.counter,
  )
  return {
    vector: unseen ? seen.vector : includeDot(seen.vector, dot),
    ops: highestOps([op, ...seen.ops]),
  }
}

/** The 8 highest operation ids, each once, highest first (design §2). */
export function highestOps(ops: readonly OpId[]): readonly OpId[] {
  return [...new Set(ops)].sort().reverse().slice(0, opsKept)
}

export const opsKept = 8
