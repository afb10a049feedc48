/**
 * The requests that this node coordinates: one table, one numbering, one bound. A number is
 * never used twice in a process and begins at random, so that a reply from before a restart
 * meets nobody (mutant 16 of the simulator's list).
 */
import { mutant, sometimes } from '#mutants'
import { Holdings } from './holdings.ts'
import type { Instant, NodeId, RequestId } from './ids.ts'
import type { KeysListed } from './listing-message.ts'
import type { CopyRead, CopyStored, Forwarded, Handed } from './message.ts'
import type { Effect } from './step.ts'

/** A machine that waits for answers of peers; it pushes its effects to `out`. */
export type Coordination = {
  readonly answered: (from: NodeId, answer: PeerAnswer, now: Instant, out: Effect[]) => void
  /** What this node wrote for it itself is durable. */
  readonly stored?: (self: NodeId, now: Instant, out: Effect[]) => void
  /** This node's connection is gone: it will not answer. */
  readonly lost: (node: NodeId, now: Instant, out: Effect[]) => void
  readonly tick: (now: Instant, out: Effect[]) => void
  /** True once it may be forgotten. */
  readonly over: (now: Instant) => boolean
}

export type PeerAnswer = CopyStored | CopyRead | Forwarded | Handed | KeysListed

export class Requests {
  /** Bytes that are held for requests, and for whom: objects that were read, objects that were made. */
  readonly holdings: Holdings
  readonly #table = new Map<RequestId, Coordination>()
  #next: RequestId

  constructor(first: RequestId, holdings = new Holdings()) {
    this.holdings = holdings
    this.#next = mutant(16) ? 0 : first
  }

  /** True where one more request can be coordinated. */
  get room(): boolean {
    return this.#table.size < requestsMax
  }

  get size(): number {
    return this.#table.size
  }

  newId(): RequestId {
    this.#next += 1
    return this.#next
  }

  add(id: RequestId, coordination: Coordination): void {
    this.#table.set(id, coordination)
  }

  find(id: RequestId): Coordination | undefined {
    return this.#table.get(id)
  }

  /** An answer for the request of its number; an answer to nobody is dropped. */
  answered(from: NodeId, answer: PeerAnswer, now: Instant, out: Effect[]): void {
    const coordination = this.#table.get(answer.id)
    if (coordination === undefined) return sometimes('an answer comes for nobody')
    coordination.answered(from, answer, now, out)
    this.forgetIfOver(answer.id, now)
  }

  lost(node: NodeId, now: Instant, out: Effect[]): void {
    for (const [id, coordination] of this.#table) {
      coordination.lost(node, now, out)
      if (coordination.over(now)) this.#table.delete(id)
    }
  }

  tick(now: Instant, out: Effect[]): void {
    for (const [id, coordination] of this.#table) {
      coordination.tick(now, out)
      if (coordination.over(now) && !mutant(32)) this.#table.delete(id)
    }
  }

  forgetIfOver(id: RequestId, now: Instant): void {
    if (this.#table.get(id)?.over(now) === true) this.#table.delete(id)
  }
}

/** Coordinated at once; past it a request is refused with BUSY, definite. */
const requestsMax = 16_384
