/**
 * How fast hints are handed to one owner (design §6.2): as fast as it goes while nobody else
 * wants anything of it; else little at a time, half as much when it takes longer than it did,
 * and with a pause behind each batch, so that its clients hardly notice.
 */
import { after, type Instant } from '../ids.ts'

export class Pace {
  /** Copies of the next batch. */
  size = sizeFirst
  /** Not before. */
  nextAt = 0 as Instant
  /** Milliseconds that a batch took when all was well; forgets slowly. */
  #usualMs = Number.POSITIVE_INFINITY

  /** A batch is durable at the owner; `foreground`: what others asked of it in the last second. */
  acknowledged(now: Instant, tookMs: number, foreground: number, hurried: boolean): void {
    this.#usualMs = Math.min(this.#usualMs * usualDrift, Math.max(tookMs, 1))
    if (hurried || foreground < foregroundMin) {
      this.size = Math.min(sizeMax, this.size * 2)
      this.nextAt = now
      return
    }
    if (tookMs > this.#usualMs * strainedFactor) this.size = this.size / 2
    else this.size = this.size + sizeStep
    this.size = Math.max(sizeMin, Math.min(sizeBusyMax, Math.floor(this.size)))
    const pauseMs = Math.max(pauseMsMin, tookMs * pauseFactor)
    this.nextAt = after(now, Math.min(pauseMsMax, pauseMs))
  }

  /** The owner refused, or did not answer: one by one, so that one it never takes is alone. */
  failed(now: Instant): void {
    this.size = 1
    this.nextAt = after(now, pauseMsFailed)
  }
}

const sizeFirst = 24
const sizeMin = 4
const sizeStep = 4
/** While the owner has other work. */
const sizeBusyMax = 24
const sizeMax = 512
/** Fewer requests a second are no load. */
const foregroundMin = 20
const strainedFactor = 2
const usualDrift = 1.02
const pauseFactor = 4
const pauseMsMin = 10
/** However slow it was: hints have to go home. */
const pauseMsMax = 1000
const pauseMsFailed = 500
