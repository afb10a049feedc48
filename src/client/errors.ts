/** The one error that this package throws. */
import type { Explained } from '../core/explained.ts'
import { type Code, type Failure, nothingDone, type Outcome } from '../core/outcome.ts'

/**
 * A call that failed. `code` is stable (the same words as `kv` prints); `definite` is false
 * where a write may have happened all the same: try it again with `outcome.op`, through any
 * node, and it takes effect at most once.
 */
export class KvError extends Error {
  readonly code: Code
  readonly definite: boolean
  readonly outcome: Outcome
  /** What the node did that refused the call, where that was asked for. */
  readonly explained: Explained | undefined

  constructor(failure: Failure, cause?: unknown, explained?: Explained) {
    super(failure.message, cause === undefined ? undefined : { cause })
    this.name = 'KvError'
    this.code = failure.code
    this.definite = failure.outcome.definite
    this.outcome = failure.outcome
    this.explained = explained
  }
}

/** An error found before anything was sent: definite. */
export function refusal(code: Code, message: string, cause?: unknown): KvError {
  return new KvError({ code, message, outcome: nothingDone(0) }, cause)
}
