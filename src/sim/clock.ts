/**
 * The clocks of one machine: a monotonic one that runs a little fast or slow, on through every
 * pause, and a wall clock that may be a day off and may jump. Core sees both as inputs only.
 */
import type { Instant, WallTime } from '../core/ids.ts'
import type { Micros } from './events.ts'

export class Clock {
  readonly #ppm: number
  readonly #bootMs: number
  #offsetMs: number

  constructor(ppm: number, bootMs: number, offsetMs: number) {
    this.#ppm = ppm
    this.#bootMs = bootMs
    this.#offsetMs = offsetMs
  }

  /** Monotonic milliseconds since this machine booted. */
  monotonic(now: Micros): Instant {
    return (this.#bootMs + (now + (now * this.#ppm) / 1_000_000) / 1000) as Instant
  }

  wall(now: Micros): WallTime {
    return epochMs + Math.floor(now / 1000) + this.#offsetMs
  }

  /** Somebody sets the wall clock. */
  setOffset(offsetMs: number): void {
    this.#offsetMs = offsetMs
  }

  get offsetMs(): number {
    return this.#offsetMs
  }
}

/** The wall time at which every world begins. */
const epochMs = 1_800_000_000_000
