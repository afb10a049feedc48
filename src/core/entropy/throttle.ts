/** How fast an operator lets a repair go, on top of what the other side's foreground allows. */
import { Pace } from '../handoff/pace.ts'
import { after, type Instant } from '../ids.ts'

export type Rates = {
  readonly keysPerSecond: number | undefined
  readonly bytesPerSecond: number | undefined
}

/** What all comparisons of one repair moved so far, and when they may go on. */
export class Throttle {
  readonly #rates: Rates
  #since: Instant
  #keys = 0
  #bytes = 0

  constructor(rates: Rates, since: Instant) {
    this.#rates = rates
    this.#since = since
  }

  moved(bytes: number): void {
    this.#keys++
    this.#bytes += bytes
  }

  /** Not before; time in which nothing moved is not made up for. */
  nextAt(now: Instant): Instant {
    const { keysPerSecond, bytesPerSecond } = this.#rates
    const byKeys = keysPerSecond === undefined ? 0 : (1000 * this.#keys) / keysPerSecond
    const byBytes = bytesPerSecond === undefined ? 0 : (1000 * this.#bytes) / bytesPerSecond
    const nextAt = after(this.#since, Math.max(byKeys, byBytes))
    if (nextAt > now) return nextAt
    this.#since = now
    this.#keys = 0
    this.#bytes = 0
    return now
  }

  /** Copies that may be under way together: what half a second allows. */
  get sizeMax(): number {
    const { keysPerSecond, bytesPerSecond } = this.#rates
    const byKeys = (keysPerSecond ?? Number.POSITIVE_INFINITY) / 2
    const byBytes = (bytesPerSecond ?? Number.POSITIVE_INFINITY) / 2 / usualBytes
    return Math.max(1, Math.floor(Math.min(byKeys, byBytes)))
  }
}

/** The pace of one comparison under a throttle. */
export class ThrottledPace extends Pace {
  readonly #throttle: Throttle

  constructor(throttle: Throttle) {
    super()
    this.#throttle = throttle
    this.size = Math.min(this.size, throttle.sizeMax)
  }

  override acknowledged(now: Instant, tookMs: number, foreground: number, hurried: boolean): void {
    super.acknowledged(now, tookMs, foreground, hurried)
    this.size = Math.min(this.size, this.#throttle.sizeMax)
    this.nextAt = Math.max(this.nextAt, this.#throttle.nextAt(now)) as Instant
  }
}

/** An object, roughly. */
const usualBytes = 1024
