/** One batch of copies on its way to an owner: a hint's, or what an exchange found. */
import { sometimes } from '#mutants'
import type { Instant, NodeId } from '../ids.ts'
import type { Coordination, PeerAnswer } from '../requests.ts'
import type { Effect } from '../step.ts'

/**
 * What became of a batch: all of it is durable there but for the copies at these positions, which
 * were refused. `foreground`: what others asked of the owner lately.
 */
export type BatchEnd = { readonly left: readonly number[]; readonly foreground: number }
/** undefined: none of it was taken, as far as is known. */
export type Ended = (end: BatchEnd | undefined, now: Instant, out: Effect[]) => void

export class Batch implements Coordination {
  readonly #owner: NodeId
  readonly #deadline: Instant
  readonly #ended: Ended
  #over = false

  constructor(owner: NodeId, deadline: Instant, ended: Ended) {
    this.#owner = owner
    this.#deadline = deadline
    this.#ended = ended
  }

  answered(from: NodeId, answer: PeerAnswer, now: Instant, out: Effect[]): void {
    if (answer.type !== 'handed' || from !== this.#owner) return
    const { refused, left, foreground } = answer
    const isTaken = refused === undefined || left.length > 0
    this.#end(isTaken ? { left, foreground } : undefined, now, out)
  }

  lost(node: NodeId, now: Instant, out: Effect[]): void {
    if (node === this.#owner) this.#end(undefined, now, out)
  }

  tick(now: Instant, out: Effect[]): void {
    if (now >= this.#deadline) this.#end(undefined, now, out)
  }

  over(): boolean {
    return this.#over
  }

  #end(end: BatchEnd | undefined, now: Instant, out: Effect[]): void {
    if (this.#over) return
    this.#over = true
    if (end === undefined) sometimes('a batch of copies is not acknowledged')
    else if (end.left.length > 0) sometimes('some copies of a batch are refused')
    this.#ended(end, now, out)
  }
}
