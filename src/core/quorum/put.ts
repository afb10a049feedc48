/**
 * The tally of one put (Dynamo §4.5, §4.6): the object went to the N primaries at once, the
 * coordinator's own write among them, and to a fallback for each primary that cannot be reached;
 * the client is answered when W distinct nodes are durable. A pure tally: `put-coordination.ts`
 * sends, stores and replies.
 */

import { mutant, sometimes } from '#mutants'
import type { Dot } from '../causality/version-vector.ts'
import type { Instant, NodeId, OpId } from '../ids.ts'
import type { Failure, Outcome } from '../outcome.ts'
import type { Expected } from './owed-hints.ts'

export type PutVerdict =
  | { readonly type: 'done' }
  | { readonly type: 'failed'; readonly failure: Failure }

/** What the tally is told of a put at its birth. */
export type PutTallyTerms = {
  readonly primaries: readonly NodeId[]
  readonly needed: number
  /** Only primaries count. */
  readonly strict: boolean
  readonly deadline: Instant
  readonly dot: Dot | undefined
  readonly op: OpId
}

/** Who keeps the object for whom. */
type StandIn = { readonly node: NodeId; readonly owner: NodeId }

export class PutTally {
  readonly deadline: Instant
  readonly #terms: PutTallyTerms
  /** Lists, for they are as short as N. */
  readonly #waiting: NodeId[] = []
  #standIns: readonly StandIn[] = []
  #primaryAcks: readonly NodeId[] = []
  #fallbackAcks: readonly NodeId[] = []
  #settled = false
  #refusal: Failure | undefined

  constructor(terms: PutTallyTerms) {
    this.#terms = terms
    this.deadline = terms.deadline
  }

  /** The object is on its way to this node: as its own, or to keep for an owner. */
  asked(node: NodeId, owner: NodeId | undefined): void {
    this.#waiting.push(node)
    if (owner !== undefined) this.#standIns = [...this.#standIns, { node, owner }]
  }

  /** This node's copy is durable. */
  stored(by: NodeId): PutVerdict | undefined {
    if (!this.#stopWaiting(by)) return undefined
    if (this.#standsIn(by)) this.#fallbackAcks = this.#fallbackAcks.concat(by)
    else this.#primaryAcks = this.#primaryAcks.concat(by)
    const wanted = this.#terms.needed - (mutant(2) ? 1 : 0)
    if (this.#settled || this.#counted < wanted) return undefined
    this.#settled = true
    return { type: 'done' }
  }

  /** This node will not answer, or refused the copy. True where it was waited for. */
  lost(by: NodeId, refusal?: Failure): boolean {
    if (!this.#stopWaiting(by)) return false
    this.#refusal ??= refusal
    return true
  }

  /** Fails where those that are waited for are too few, now that others were asked in their place. */
  judge(): PutVerdict | undefined {
    if (this.#settled || this.#hopeful >= this.#terms.needed) return undefined
    sometimes('a put loses its quorum')
    return this.#fail('QUORUM', 'acks')
  }

  tick(now: Instant): PutVerdict | undefined {
    if (this.#settled || now < this.deadline) return undefined
    sometimes('a put ends at its deadline')
    return this.#fail('TIMEOUT', 'acks in time')
  }

  get settled(): boolean {
    return this.#settled
  }

  knows(node: NodeId): boolean {
    return (
      this.#terms.primaries.includes(node) || this.#standIns.some(standIn => standIn.node === node)
    )
  }

  /** Whom this node stands in for. */
  ownerFor(node: NodeId): NodeId | undefined {
    return this.#standIns.find(standIn => standIn.node === node)?.owner
  }

  /**
   * Primaries that nobody holds it for: not durable there, and no stand-in has it or is expected
   * to. `patient`: a primary that is waited for may still answer.
   */
  uncovered(patient: boolean): readonly NodeId[] {
    return this.unheld().filter(owner => {
      if (patient && this.#waiting.includes(owner)) return false
      return !this.#standIns.some(one => one.owner === owner && this.#waiting.includes(one.node))
    })
  }

  /** Primaries that nobody has said to hold it for: itself not, and no stand-in. */
  unheld(): readonly NodeId[] {
    return this.#terms.primaries.filter(owner => {
      if (this.#primaryAcks.includes(owner)) return false
      return !this.#standIns.some(
        one => one.owner === owner && this.#fallbackAcks.includes(one.node),
      )
    })
  }

  /** Who may still say to hold it for an owner: itself, or who stands in for it. */
  expected(): readonly Expected[] {
    return this.#waiting.map(node => ({ node, owner: this.ownerFor(node) ?? node }))
  }

  outcome(definite: boolean): Outcome {
    const hinted = this.#standIns
      .filter(({ node }) => this.#fallbackAcks.includes(node))
      .map(({ owner }) => owner)
      .filter((owner, i, all) => all.indexOf(owner) === i)
    return {
      primaryAcks: this.#primaryAcks,
      fallbackAcks: this.#fallbackAcks,
      needed: this.#terms.needed,
      hinted,
      repaired: [],
      unrepaired: false,
      definite,
      dot: this.#terms.dot,
      op: this.#terms.op,
    }
  }

  /**
   * Acks that count: one for each owner. Its own and its stand-in's are one, for the hint may
   * have gone home and be a further copy no more when the answer leaves.
   */
  get #counted(): number {
    if (this.#terms.strict || this.#fallbackAcks.length === 0) return this.#primaryAcks.length
    return this.#owners(false)
  }

  /** What they can become, by those that are still waited for. */
  get #hopeful(): number {
    return this.#owners(true)
  }

  #owners(waiting: boolean): number {
    const hasIt = (node: NodeId) =>
      this.#primaryAcks.includes(node) ||
      this.#fallbackAcks.includes(node) ||
      (waiting && this.#waiting.includes(node))
    let count = 0
    for (const owner of this.#terms.primaries) {
      const standsIn = (one: StandIn) => one.owner === owner && hasIt(one.node)
      if (hasIt(owner) || (!this.#terms.strict && this.#standIns.some(standsIn))) count++
    }
    return count
  }

  #standsIn(node: NodeId): boolean {
    return this.ownerFor(node) !== undefined
  }

  #stopWaiting(node: NodeId): boolean {
    const at = this.#waiting.indexOf(node)
    if (at >= 0) this.#waiting.splice(at, 1)
    return at >= 0
  }

  /** Once its dot was sent a put never fails definitely (design §7.12). */
  #fail(code: 'QUORUM' | 'TIMEOUT', rest: string): PutVerdict {
    this.#settled = true
    const why = this.#refusal === undefined ? '' : ` (a replica refused: ${this.#refusal.message})`
    const message = `${this.#counted} of ${this.#terms.needed} ${rest}${why}`
    return { type: 'failed', failure: { code, message, outcome: this.outcome(false) } }
  }
}
