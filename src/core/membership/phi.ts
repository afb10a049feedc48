/**
 * φ accrual (Hayashibara et al., "The φ accrual failure detector", §4): how unlikely the present
 * silence is, given the intervals at which a member was heard lately. φ = -log10 of the chance
 * that it is only late: at 1 one silence in ten is an error, at 8 one in a hundred million.
 */
import type { Instant } from '../ids.ts'

/** Intervals between signs of life, the last few of them. */
export class ArrivalWindow {
  readonly #intervals: number[]
  #next = 0
  #meanMs = 0
  #sigmaMs = 0

  /** Before anything was heard the window holds what is expected of a healthy member. */
  constructor(expectedMs: number) {
    this.#intervals = Array.from({ length: priorSamples }, (_, i) =>
      i % 2 === 0 ? expectedMs * 0.75 : expectedMs * 1.25,
    )
    this.#measure()
  }

  add(intervalMs: number): void {
    const interval = Math.min(intervalMs, intervalMsMax)
    if (this.#intervals.length < windowSamples) this.#intervals.push(interval)
    else {
      this.#intervals[this.#next] = interval
      this.#next = (this.#next + 1) % windowSamples
    }
    this.#measure()
  }

  get meanMs(): number {
    return this.#meanMs
  }

  /** φ of a silence since `heardAt`; `pauseMs` of it are forgiven. */
  phi(now: Instant, heardAt: Instant, pauseMs: number): number {
    return phiOf((now - heardAt - pauseMs - this.#meanMs) / this.#sigmaMs)
  }

  #measure(): void {
    let sum = 0
    for (const interval of this.#intervals) sum += interval
    const mean = sum / this.#intervals.length
    let squares = 0
    for (const interval of this.#intervals) squares += (interval - mean) * (interval - mean)
    this.#meanMs = mean
    this.#sigmaMs = Math.max(sigmaMsMin, Math.sqrt(squares / this.#intervals.length))
  }
}

/**
 * -log10 of the upper tail of the normal distribution at z standard deviations, by a table:
 * logarithms may differ in their last digit from one engine to the next.
 */
export function phiOf(z: number): number {
  if (z <= 0) return 0
  const last = tailPhi.length - 1
  const cell = Math.min(Math.floor(z), last - 1)
  const low = tailPhi[cell] as number
  const high = tailPhi[cell + 1] as number
  return low + (high - low) * (z - cell)
}

/** At z = 0, 1, 2, ...; between them, and beyond, straight lines. */
const tailPhi = [0.301, 0.8, 1.643, 2.87, 4.499, 6.543, 9.006, 11.893, 15.206, 18.947, 23.118]

const windowSamples = 64
const priorSamples = 8
/** An interval is at most this: one long silence must not blind the window for a minute. */
const intervalMsMax = 5000
/** Never surer than this, however regular the arrivals. */
const sigmaMsMin = 100
