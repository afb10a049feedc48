/**
 * The tally of one get (Dynamo §4.5, design §4): the full object from one replica, digests from
 * the others, answered when R whole replicas agree with an object in hand. On a mismatch the
 * differing objects are fetched and merged. Replicas that are not whole never count, but what
 * they hold is merged. A pure tally: `replica.ts` sends and replies.
 */
import { sometimes } from '#mutants'
import { mergeSiblings, noSiblings, type Siblings } from '../causality/siblings.ts'
import { after, type Generation, type Instant, type NodeId } from '../ids.ts'
import { type Failure, nothingDone, type Outcome } from '../outcome.ts'

/** What one replica said. `siblings` where it sent the whole object. */
export type HeldAnswer = {
  readonly digest: string
  readonly whole: boolean
  readonly generation: Generation
  readonly siblings: Siblings | undefined
}

export type GetStep =
  | { readonly type: 'fetch'; readonly from: readonly NodeId[] }
  | { readonly type: 'done'; readonly siblings: Siblings; readonly generation: Generation }
  | { readonly type: 'failed'; readonly failure: Failure }
  | undefined

export class GetTally {
  readonly deadline: Instant
  readonly #needed: number
  readonly #patience: Instant
  readonly #waiting: Set<NodeId>
  readonly #answers = new Map<NodeId, HeldAnswer>()
  readonly #objects = new Map<string, Siblings>()
  readonly #fetching = new Set<NodeId>()
  #settled = false

  /** `asked` will each answer; `full` of them was asked for the whole object. */
  constructor(
    asked: readonly NodeId[],
    full: NodeId,
    needed: number,
    now: Instant,
    deadline: Instant,
  ) {
    this.#waiting = new Set(asked)
    this.#fetching.add(full)
    this.#needed = needed
    this.#patience = after(now, fullReadPatienceMs)
    this.deadline = deadline
  }

  answered(by: NodeId, answer: HeldAnswer, now: Instant): GetStep {
    const known = this.#waiting.delete(by) || this.#fetching.has(by)
    if (!known || this.#settled) return undefined
    if (answer.siblings !== undefined) this.#objects.set(answer.digest, answer.siblings)
    if (answer.siblings !== undefined || answer.digest === nothingHeld) this.#fetching.delete(by)
    this.#answers.set(by, answer)
    return this.#next(now)
  }

  /** This node will not answer, or could not. */
  lost(by: NodeId, now: Instant): GetStep {
    const answer = this.#answers.get(by)
    const mattered = this.#waiting.delete(by) || this.#fetching.delete(by)
    if (!mattered || this.#settled) return undefined
    this.#fetching.delete(by)
    if (answer !== undefined && !this.#resolved(answer)) this.#answers.delete(by)
    return this.#next(now)
  }

  tick(now: Instant): GetStep {
    if (this.#settled) return undefined
    if (now >= this.deadline) {
      sometimes('a get ends at its deadline')
      return this.#fail('TIMEOUT')
    }
    return this.#next(now)
  }

  waitsFor(node: NodeId): boolean {
    return this.#waiting.has(node) || this.#fetching.has(node)
  }

  get settled(): boolean {
    return this.#settled
  }

  outcome(): Outcome {
    const primaryAcks: NodeId[] = []
    for (const [node, answer] of this.#answers) {
      if (answer.whole && this.#resolved(answer)) primaryAcks.push(node)
    }
    return { ...nothingDone(this.#needed), primaryAcks }
  }

  #next(now: Instant): GetStep {
    let resolved = 0
    let whole = 0
    for (const answer of this.#answers.values()) {
      if (!answer.whole) {
        sometimes('a replica that is not whole answers a get')
        continue
      }
      whole += 1
      if (this.#resolved(answer)) resolved += 1
    }
    if (resolved >= this.#needed) return this.#done()
    let possible = whole
    for (const node of this.#waiting) if (!this.#answers.has(node)) possible += 1
    if (possible < this.#needed) {
      sometimes('a get loses its quorum')
      return this.#fail('QUORUM')
    }
    return whole >= this.#needed ? this.#fetch(now) : undefined
  }

  /** One fetch for each digest whose object is neither in hand nor on its way. */
  #fetch(now: Instant): GetStep {
    const expected = new Set<string>()
    for (const node of this.#fetching) {
      const answer = this.#answers.get(node)
      if (answer !== undefined) expected.add(answer.digest)
      else if (now < this.#patience) return undefined
    }
    const from: NodeId[] = []
    for (const [node, answer] of this.#answers) {
      if (this.#resolved(answer) || expected.has(answer.digest)) continue
      expected.add(answer.digest)
      this.#fetching.add(node)
      from.push(node)
    }
    if (from.length === 0) return undefined
    if (this.#objects.size > 0) sometimes('a get fetches a copy that differs')
    else sometimes('a get fetches since the full read is slow')
    return { type: 'fetch', from }
  }

  #resolved(answer: HeldAnswer): boolean {
    return answer.digest === nothingHeld || this.#objects.has(answer.digest)
  }

  #done(): GetStep {
    this.#settled = true
    let siblings = noSiblings
    for (const object of this.#objects.values()) siblings = mergeSiblings(siblings, object)
    let generation = 0
    for (const answer of this.#answers.values()) {
      generation = Math.max(generation, answer.generation)
    }
    return { type: 'done', siblings, generation }
  }

  #fail(code: 'QUORUM' | 'TIMEOUT'): GetStep {
    this.#settled = true
    const outcome = this.outcome()
    const message = `${outcome.primaryAcks.length} of ${this.#needed} replicas answered${code === 'TIMEOUT' ? ' in time' : ''}`
    return { type: 'failed', failure: { code, message, outcome } }
  }
}

/** The digest of a replica that holds nothing of the key. */
const nothingHeld = ''
/** How long a coordinator without a copy waits for the full read before it asks another. */
const fullReadPatienceMs = 40
