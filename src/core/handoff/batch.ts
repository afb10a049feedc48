/** One batch of copies on its way to an owner: a hint's, or what an exchange found. */
import { sometimes } from '#mutants'
import type { Instant, NodeId } from '../ids.ts'
import type { Coordination, PeerAnswer } from '../requests.ts'
import type { Effect } from '../step.ts'

/** `handed`: all of it is durable there. `foreground`: what others asked of the owner lately. */
export type Ended = (handed: boolean, foreground: number, now: Instant, out: Effect[]) => void

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
    this.#end(answer.refused === undefined, answer.foreground, now, out)
  }

  lost(node: NodeId, now: Instant, out: Effect[]): void {
    if (node === this.#owner) this.#end(false, 0, now, out)
  }

  tick(now: Instant, out: Effect[]): void {
    if (now >= this.#deadline) this.#end(false, 0, now, out)
  }

  over(): boolean {
    return this.#over
  }

  #end(handed: boolean, foreground: number, now: Instant, out: Effect[]): void {
    if (this.#over) return
    this.#over = true
    if (!handed) sometimes('a batch of copies is not acknowledged')
    this.#ended(handed, foreground, now, out)
  }
}
