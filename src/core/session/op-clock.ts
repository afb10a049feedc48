/**
 * Draws operation ids: 6 bytes of time, then 6 of luck. The time is a hybrid logical clock (Kulkarni
 * et al., "Logical Physical Clocks"): the cluster's time, never this machine's, or a little more than
 * the highest id that this client has seen. So an operation is younger than what its writer was shown,
 * whatever became of a clock meanwhile, and no list of the highest ids forgets it before those.
 */
import { mutant, sometimes } from '#mutants'
import { binaryOfUint48, uint48Of } from '../binary.ts'
import { newestOpIn } from '../causality/context.ts'
import { type Instant, type OpId, opAheadMsMax, type WallTime } from '../ids.ts'

export class OpClock {
  /** The cluster's wall time when `now` was 0. */
  #timeAtZero = 0
  #highest = '' as OpId

  /** A node tells the time. */
  told(now: Instant, time: WallTime): void {
    this.#timeAtZero = time - now
    if (this.#isOfWrongClock(now, this.#highest)) this.#highest = '' as OpId
  }

  /** A context was handed in or given out: it shows operations. */
  saw(now: Instant, context: Uint8Array | undefined): void {
    this.sawOp(now, context && newestOpIn(context))
  }

  sawOp(now: Instant, op: OpId | undefined): void {
    if (op === undefined || op <= this.#highest || this.#isOfWrongClock(now, op)) return
    this.#highest = op
  }

  draw(now: Instant, random: (count: number) => string): OpId {
    const fresh = (binaryOfUint48(this.#time(now)) + random(6)) as OpId
    if (fresh > this.#highest || mutant(662)) return fresh
    sometimes('an operation id is drawn past the highest seen')
    return justPast(this.#highest, random)
  }

  /** Most nodes would refuse what is past it; a context may also be no real one. */
  #isOfWrongClock(now: Instant, op: OpId): boolean {
    return op !== '' && uint48Of(op) > this.#time(now) + followedMsMax
  }

  #time(now: Instant): WallTime {
    return Math.max(0, Math.floor(this.#timeAtZero + now))
  }
}

/** The middle one; of two, the earlier: at least half of the nodes that told these take its id. */
export function middleOf(times: Iterable<WallTime>): WallTime | undefined {
  const sorted = [...times].sort((a, b) => a - b)
  return sorted[(sorted.length - 1) >>> 1]
}

/**
 * A quarter of a millisecond further on average: no chain of durable writes is faster than that, so
 * ids that follow each other stay behind a clock that goes on. With luck of its own, for many may
 * have seen the same highest one.
 */
function justPast(op: OpId, random: (count: number) => string): OpId {
  const low = uint48Of(op.slice(6)) + 1 + (uint48Of(random(6)) % stepMax)
  const time = Math.min(uint48Of(op) + Math.floor(low / lowMax), lowMax - 1)
  return (binaryOfUint48(time) + binaryOfUint48(low % lowMax)) as OpId
}

/** An hour less than nodes take: their clocks are not all the one that we go by. */
const followedMsMax = opAheadMsMax - 60 * 60 * 1000
const lowMax = 2 ** 48
const stepMax = 2 ** 47
