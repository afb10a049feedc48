/** One put under way: the tally, whom to answer, and with what. */

import type { Dot } from '../causality/version-vector.ts'
import type { Instant, NodeId, OpId, RequestId } from '../ids.ts'
import type { Coordination, PeerAnswer } from '../requests.ts'
import type { Effect } from '../step.ts'
import { answerPut, failed, type Origin } from './origin.ts'
import { PutTally, type PutVerdict } from './put.ts'

/** What waits for a commit: a coordinator's own write, or the ack of a peer's copy. */
export type Stored =
  | { readonly type: 'own'; readonly id: RequestId }
  | { readonly type: 'copy'; readonly to: NodeId; readonly id: RequestId }

/** What the put asks for, and what its reply will say. */
export type PutTerms = {
  readonly needed: number
  readonly deadline: Instant
  readonly dot: Dot | undefined
  readonly op: OpId
  readonly context: Uint8Array
  readonly siblings: number
  readonly generation: number
}

export class PutCoordination implements Coordination {
  readonly #origin: Origin
  readonly #terms: PutTerms
  readonly #tally: PutTally

  constructor(origin: Origin, asked: readonly NodeId[], terms: PutTerms) {
    this.#origin = origin
    this.#terms = terms
    this.#tally = new PutTally(asked, terms.needed, terms.deadline, terms.dot, terms.op)
  }

  /** The coordinator's own write is durable. */
  stored(self: NodeId, _now: Instant, out: Effect[]): void {
    this.#settle(this.#tally.stored(self), out)
  }

  answered(from: NodeId, answer: PeerAnswer, _now: Instant, out: Effect[]): void {
    if (answer.type !== 'stored') return
    const { refused } = answer
    this.#settle(
      refused === undefined ? this.#tally.stored(from) : this.#tally.lost(from, refused),
      out,
    )
  }

  lost(node: NodeId, _now: Instant, out: Effect[]): void {
    this.#settle(this.#tally.lost(node), out)
  }

  tick(now: Instant, out: Effect[]): void {
    this.#settle(this.#tally.tick(now), out)
  }

  over(now: Instant): boolean {
    return this.#tally.over(now)
  }

  #settle(verdict: PutVerdict | undefined, out: Effect[]): void {
    if (verdict === undefined) return
    if (verdict.type === 'failed') {
      return void out.push(answerPut(this.#origin, failed(this.#origin, verdict.failure)))
    }
    const { context, siblings, generation } = this.#terms
    out.push(
      answerPut(this.#origin, {
        type: 'wrote',
        id: this.#origin.id,
        context,
        siblings,
        generation,
        outcome: this.#tally.outcome(true),
        explained: undefined,
      }),
    )
  }
}
