/** What clients and coordinators ask of this node: requests in the last whole second. */
import type { Instant } from '../ids.ts'

export class Foreground {
  #second = 0
  #counting = 0
  #last = 0

  /** One more request that somebody waits for. */
  count(now: Instant): void {
    this.#turn(now)
    this.#counting++
  }

  perSecond(now: Instant): number {
    this.#turn(now)
    return Math.max(this.#last, this.#counting)
  }

  #turn(now: Instant): void {
    const second = Math.floor(now / 1000)
    if (second === this.#second) return
    this.#last = second === this.#second + 1 ? this.#counting : 0
    this.#counting = 0
    this.#second = second
  }
}
