/**
 * The two clocks of a process. The monotonic one drives every deadline of the protocol; the
 * wall clock is for people, and for operation ids (design §2).
 */
import { performance } from 'node:perf_hooks'
import { assert } from '../core/assert.ts'
import type { Instant, WallTime } from '../core/ids.ts'

/** Its wall clock can be set wrong on purpose (`docs/faults.md`). */
export type SkewedClock = Clock & {
  /** From now on the wall clock is ahead by so much; negative: behind. */
  readonly skew: (ms: number) => void
  readonly skewMs: () => number
}

export type Clock = { readonly now: () => Instant; readonly wall: () => WallTime }

/** A clock over the system's; a source that goes backwards ends the process. */
export function monotonicClock(source: () => number = () => performance.now()): SkewedClock {
  let last = Number.NEGATIVE_INFINITY
  let aheadMs = 0
  return {
    now: () => {
      const now = source()
      assert(now >= last, 'the monotonic clock does not go back')
      last = now
      return now as Instant
    },
    wall: () => Math.max(0, Date.now() + aheadMs),
    skew: ms => {
      aheadMs = ms
    },
    skewMs: () => aheadMs,
  }
}
