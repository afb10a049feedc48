/**
 * The tally of one put (Dynamo §4.5): the object went to the N primaries at once, the
 * coordinator's own write among them, and the client is answered when W distinct nodes are
 * durable. A pure tally: `replica.ts` sends, stores and replies.
 */

import { mutant, sometimes } from '#mutants'
import type { Dot } from '../causality/version-vector.ts'
import type { Instant, NodeId, OpId } from '../ids.ts'
import type { Failure, Outcome } from '../outcome.ts'

export type PutVerdict =
  | { readonly type: 'done' }
  | { readonly type: 'failed'; readonly failure: Failure }

export class PutTally {
  readonly deadline: Instant
  readonly #needed: number
  readonly #dot: Dot | undefined
  readonly #op: OpId
  readonly #waiting: NodeId[]
  #acks: readonly NodeId[] = []
  #settled = false
  #refusal: Failure | undefined

  constructor(
    asked: readonly NodeId[],
    needed: number,
    deadline: Instant,
    dot: Dot | undefined,
    op: OpId,
  ) {
    this.#waiting = asked.slice()
    this.#needed = needed
    this.deadline = deadline
    this.#dot = dot
    this.#op = op
  }

  /** This node's copy is durable. */
  stored(by: NodeId): PutVerdict | undefined {
    if (!this.#stopWaiting(by)) return undefined
    this.#acks = this.#acks.concat(by)
    if (this.#settled) sometimes('an ack comes after the answer')
    if (this.#settled || this.#acks.length < this.#needed - (mutant(2) ? 1 : 0)) return undefined
    this.#settled = true
    return { type: 'done' }
  }

  /** This node will not answer, or refused the copy. */
  lost(by: NodeId, refusal?: Failure): PutVerdict | undefined {
    if (!this.#stopWaiting(by)) return undefined
    this.#refusal ??= refusal
    if (this.#settled || this.#acks.length + this.#waiting.length >= this.#needed) return undefined
    sometimes('a put loses its quorum')
    return this.#fail(
      'QUORUM',
      `${this.#acks.length} of ${this.#needed} acks; the write may still land`,
    )
  }

  tick(now: Instant): PutVerdict | undefined {
    if (this.#settled || now < this.deadline) return undefined
    sometimes('a put ends at its deadline')
    return this.#fail(
      'TIMEOUT',
      `${this.#acks.length} of ${this.#needed} acks in time; the write may still land`,
    )
  }

  /** Nobody is waited for any more, or the deadline passed and somebody was told so. */
  over(now: Instant): boolean {
    return this.#waiting.length === 0 || (this.#settled && now >= this.deadline)
  }

  waitsFor(node: NodeId): boolean {
    return this.#waiting.includes(node)
  }

  outcome(definite: boolean): Outcome {
    return {
      primaryAcks: this.#acks,
      fallbackAcks: [],
      needed: this.#needed,
      hinted: [],
      repaired: [],
      unrepaired: false,
      definite,
      dot: this.#dot,
      op: this.#op,
    }
  }

  #stopWaiting(node: NodeId): boolean {
    const at = this.#waiting.indexOf(node)
    if (at >= 0) this.#waiting.splice(at, 1)
    return at >= 0
  }

  /** Once its dot was sent a put never fails definitely (design §7.12). */
  #fail(code: 'QUORUM' | 'TIMEOUT', message: string): PutVerdict {
    this.#settled = true
    const why = this.#refusal === undefined ? '' : ` (a replica refused: ${this.#refusal.message})`
    return {
      type: 'failed',
      failure: { code, message: message + why, outcome: this.outcome(false) },
    }
  }
}
