/**
 * What a coordinator did for one request, step by step, for `--explain`. Only requests that ask
 * for it have one: everybody else pays one comparison a step.
 */
import { hexOf } from '../binary.ts'
import type { Explained, ExplainedStep, ExplainedWhat } from '../explained.ts'
import { partitionOf } from '../hash.ts'
import type { Instant, NodeId, Token } from '../ids.ts'
import type { Placement } from '../placement.ts'

export class Explanation {
  readonly #placement: Placement
  readonly #token: Token
  readonly #begunAt: Instant
  readonly #steps: ExplainedStep[] = []

  /** The request came now. */
  constructor(placement: Placement, token: Token, now: Instant) {
    this.#placement = placement
    this.#token = token
    this.#begunAt = now
  }

  /** This happened at, or with, this node. `detail` is short ASCII. */
  note(now: Instant, node: NodeId, what: ExplainedWhat, detail = ''): void {
    if (this.#steps.length >= stepsMax) return
    const atMicros = Math.max(0, Math.round((now - this.#begunAt) * 1000))
    this.#steps.push({ atMicros, node, what, detail: detail.slice(0, detailMax) })
  }

  /** All of it so far; to be told once the request is answered. */
  explained(): Explained {
    const { self, settings } = this.#placement
    return {
      coordinator: self,
      token: this.#token,
      partition: partitionOf(this.#token, settings.partitions),
      primaries: this.#placement.primaries(this.#token),
      fallbacks: this.#placement.fallbacks(this.#token),
      steps: this.#steps.slice(),
    }
  }
}

/**
 * The first bytes of a digest as hexadecimal digits: enough to see which replicas agree. Never
 * all of it, which would tell whoever reads it how the keyed digest maps (protocols 23).
 */
export function shownDigest(digest: string): string {
  return hexOf(digest.slice(0, shownBytes))
}

const shownBytes = 3
const detailMax = 64
/** Each node is asked, sent to and heard a few times. */
const stepsMax = 1024
