/**
 * Which replica is read, and when a second one is (design §4; Dean & Barroso, "The Tail at
 * Scale"): a coordinator without a copy asks the replica that answered fastest of late for the
 * whole object, and one more once that is slower than nearly all were. It learns from first
 * questions only, answered late or not, so that hedging never changes what it learns; and it may
 * hedge 5 % of the gets, so that a cluster that is slow as a whole is not asked for more.
 */
import type { Instant, NodeId } from '../ids.ts'

/** How fast one node answered, and when that was last seen. */
type Pace = { ms: number; at: Instant }

export class Hedging {
  readonly #paces = new Map<NodeId, Pace>()
  readonly #samples = new Float64Array(samplesKept)
  #sampled = 0
  #delayMs = delayMsMax
  #budget = 1
  #hedges = 0

  /** A get begins, and earns its part of a hedge. */
  begun(): void {
    this.#budget = Math.min(burst, this.#budget + hedgedPart)
  }

  /** The one of them to read: fastest of late; who was not seen of late is tried again. */
  fastest(nodes: readonly NodeId[], now: Instant): NodeId | undefined {
    let best: NodeId | undefined
    let bestMs = Number.POSITIVE_INFINITY
    for (const node of nodes) {
      const ms = this.#expected(node, now)
      if (ms >= bestMs) continue
      best = node
      bestMs = ms
    }
    return best
  }

  /** A node answered what it was asked first; `full`: with the whole object. */
  answered(node: NodeId, ms: number, full: boolean, now: Instant): void {
    this.#learn(node, ms, now)
    if (!full) return
    this.#samples[this.#sampled % samplesKept] = ms
    this.#sampled += 1
    if (this.#sampled % samplesBetween === 0) this.#delayMs = this.#latePast()
  }

  /** A node has been silent for so long: it is no faster than that. */
  silent(node: NodeId, ms: number, now: Instant): void {
    const pace = this.#paces.get(node)
    if (pace === undefined || pace.ms < ms) this.#paces.set(node, { ms, at: now })
  }

  /** A full read that takes longer is late: min(p99, 50 ms). */
  get delayMs(): number {
    return this.#delayMs
  }

  /** True where the budget allows one more, which is then taken from it. */
  spend(): boolean {
    if (this.#budget < 1) return false
    this.#budget -= 1
    this.#hedges += 1
    return true
  }

  /** Since the start. */
  get hedges(): number {
    return this.#hedges
  }

  #learn(node: NodeId, ms: number, now: Instant): void {
    const pace = this.#paces.get(node)
    if (pace === undefined) return void this.#paces.set(node, { ms, at: now })
    pace.ms += (ms - pace.ms) * weight
    pace.at = now
  }

  #expected(node: NodeId, now: Instant): number {
    const pace = this.#paces.get(node)
    return pace === undefined ? 0 : pace.ms / (1 + (now - pace.at) / fadeMs)
  }

  #latePast(): number {
    const sorted = this.#samples.slice(0, Math.min(this.#sampled, samplesKept)).sort()
    const at = Math.ceil(sorted.length * latePart) - 1
    return Math.min(sorted[at] ?? delayMsMax, delayMsMax)
  }
}

const delayMsMax = 50
const latePart = 0.99
const samplesKept = 512
/** The percentile is computed anew after so many. */
const samplesBetween = 64
/** Of the newest answer in what a node is expected to take. */
const weight = 0.25
/** What is so old counts half. */
const fadeMs = 5000
/** Hedges a get. */
const hedgedPart = 0.05
const burst = 10
