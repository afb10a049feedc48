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

/** Who said what; the later answer of a node replaces its earlier one. */
type Answered = { readonly by: NodeId; answer: HeldAnswer }
/** An object in hand, by its digest. */
type Held = { readonly digest: string; siblings: Siblings }

export type GetStep =
  | { readonly type: 'fetch'; readonly from: readonly NodeId[] }
  | { readonly type: 'done'; readonly siblings: Siblings; readonly generation: Generation }
  | { readonly type: 'failed'; readonly failure: Failure }
  | undefined

export class GetTally {
  readonly deadline: Instant
  readonly #needed: number
  readonly #patience: Instant
  /** Lists, for they are as short as N. */
  readonly #waiting: NodeId[]
  readonly #fetching: NodeId[]
  #answers: Answered[] = []
  #objects: Held[] = []
  #settled = false

  /** `asked` will each answer; `full` of them was asked for the whole object. */
  constructor(
    asked: readonly NodeId[],
    full: NodeId,
    needed: number,
    now: Instant,
    deadline: Instant,
  ) {
    this.#waiting = [...asked]
    this.#fetching = [full]
    this.#needed = needed
    this.#patience = after(now, fullReadPatienceMs)
    this.deadline = deadline
  }

  answered(by: NodeId, answer: HeldAnswer, now: Instant): GetStep {
    const known = remove(this.#waiting, by) || this.#fetching.includes(by)
    if (!known || this.#settled) return undefined
    const { digest, siblings } = answer
    if (siblings !== undefined) this.#keep(digest, siblings)
    if (siblings !== undefined || digest === nothingHeld) remove(this.#fetching, by)
    const earlier = this.#answerOf(by)
    if (earlier === undefined) this.#answers = appended(this.#answers, { by, answer })
    else earlier.answer = answer
    return this.#next(now)
  }

  /** This node will not answer, or could not. */
  lost(by: NodeId, now: Instant): GetStep {
    const earlier = this.#answerOf(by)
    const mattered = remove(this.#waiting, by) || remove(this.#fetching, by)
    if (!mattered || this.#settled) return undefined
    remove(this.#fetching, by)
    if (earlier !== undefined && !this.#resolved(earlier.answer)) {
      this.#answers.splice(this.#answers.indexOf(earlier), 1)
    }
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
    return this.#waiting.includes(node) || this.#fetching.includes(node)
  }

  get settled(): boolean {
    return this.#settled
  }

  outcome(): Outcome {
    let primaryAcks: readonly NodeId[] = []
    for (const { by, answer } of this.#answers) {
      if (answer.whole && this.#resolved(answer)) primaryAcks = appended(primaryAcks, by)
    }
    return nothingDone(this.#needed, undefined, primaryAcks)
  }

  #next(now: Instant): GetStep {
    let resolved = 0
    let whole = 0
    for (const { answer } of this.#answers) {
      if (!answer.whole) {
        sometimes('a replica that is not whole answers a get')
        continue
      }
      whole += 1
      if (this.#resolved(answer)) resolved += 1
    }
    if (resolved >= this.#needed) return this.#done()
    let possible = whole
    for (const node of this.#waiting) if (this.#answerOf(node) === undefined) possible += 1
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
      const earlier = this.#answerOf(node)
      if (earlier !== undefined) expected.add(earlier.answer.digest)
      else if (now < this.#patience) return undefined
    }
    const from: NodeId[] = []
    for (const { by, answer } of this.#answers) {
      if (this.#resolved(answer) || expected.has(answer.digest)) continue
      expected.add(answer.digest)
      if (!this.#fetching.includes(by)) this.#fetching.push(by)
      from.push(by)
    }
    if (from.length === 0) return undefined
    if (this.#objects.length > 0) sometimes('a get fetches a copy that differs')
    else sometimes('a get fetches since the full read is slow')
    return { type: 'fetch', from }
  }

  #resolved(answer: HeldAnswer): boolean {
    if (answer.digest === nothingHeld) return true
    for (const { digest } of this.#objects) if (digest === answer.digest) return true
    return false
  }

  #keep(digest: string, siblings: Siblings): void {
    const held = this.#objects.find(one => one.digest === digest)
    if (held === undefined) this.#objects = appended(this.#objects, { digest, siblings })
    else held.siblings = siblings
  }

  #answerOf(node: NodeId): Answered | undefined {
    for (const one of this.#answers) if (one.by === node) return one
    return undefined
  }

  #done(): GetStep {
    this.#settled = true
    let siblings = this.#objects[0]?.siblings ?? noSiblings
    for (const object of this.#objects) siblings = mergeSiblings(siblings, object.siblings)
    let generation = 0
    for (const { answer } of this.#answers) {
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

/** With exactly the room it needs: a list that is pushed to takes room for 17. */
function appended<Item>(list: readonly Item[], item: Item): Item[] {
  return list.length === 0 ? [item] : [...list, item]
}

/** True where it was in the list. */
function remove(nodes: NodeId[], node: NodeId): boolean {
  const at = nodes.indexOf(node)
  if (at >= 0) nodes.splice(at, 1)
  return at >= 0
}

/** The digest of a replica that holds nothing of the key. */
const nothingHeld = ''
/** How long a coordinator without a copy waits for the full read before it asks another. */
const fullReadPatienceMs = 40
