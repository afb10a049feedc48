/**
 * The tally of one get (Dynamo §4.5, design §4): the full object from one replica, digests from
 * the others, answered when R whole replicas agree with an object in hand. On a mismatch the
 * differing objects are fetched and merged. A replica that is not whole never counts, nor does
 * a fallback that holds nothing, but what they hold is merged. A pure tally:
 * `get-coordination.ts` sends and replies.
 */
import { mutant, sometimes } from '#mutants'
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
export type Answered = { readonly by: NodeId; answer: HeldAnswer }
/** An object in hand, by its digest. */
type Held = { readonly digest: string; siblings: Siblings }

/** Whom a get is about, and what is enough for it. */
export type GetTerms = {
  /** The N owners; whoever else is asked stands in for one of them. */
  readonly primaries: readonly NodeId[]
  readonly needed: number
  readonly deadline: Instant
}

/** What R replicas hold together. */
export type GetDone = {
  readonly type: 'done'
  readonly siblings: Siblings
  /** Of the siblings, where one replica holds just them; else it has to be computed. */
  readonly digest: string | undefined
  readonly generation: Generation
  readonly outcome: Outcome
}

export type GetStep =
  | { readonly type: 'fetch'; readonly from: readonly NodeId[] }
  /** Those that were asked cannot be R any more: ask another, or give up. */
  | { readonly type: 'short' }
  | GetDone
  | { readonly type: 'failed'; readonly failure: Failure }
  | undefined

export class GetTally {
  /** Who was asked first for the whole object. */
  readonly full: NodeId
  readonly #terms: GetTerms
  readonly #patience: Instant
  /** Lists, for they are as short as N. */
  #asked: readonly NodeId[]
  readonly #waiting: NodeId[]
  readonly #fetching: NodeId[]
  #answers: Answered[] = []
  #objects: Held[] = []
  #settled = false
  /** Some replica holds more than can be sent. */
  #tooLarge: Failure | undefined

  /** `asked` will each answer; `full` of them was asked for the whole object. */
  constructor(terms: GetTerms, asked: readonly NodeId[], full: NodeId, now: Instant) {
    this.#terms = terms
    this.full = full
    this.#asked = asked
    this.#waiting = [...asked]
    this.#fetching = [full]
    this.#patience = after(now, fullReadPatienceMs)
  }

  answered(by: NodeId, answer: HeldAnswer, now: Instant): GetStep {
    const known = remove(this.#waiting, by) || this.#fetching.includes(by)
    if (!known) return undefined
    const { digest, siblings } = answer
    if (siblings !== undefined || digest === nothingHeld) remove(this.#fetching, by)
    const earlier = this.#answerOf(by)
    if (earlier === undefined) this.#answers = appended(this.#answers, { by, answer })
    else earlier.answer = answer
    if (this.#settled) return undefined
    if (siblings !== undefined) this.#keep(digest, siblings)
    return this.#next(now)
  }

  /** This node will not answer, or could not. */
  lost(by: NodeId, now: Instant, refusal?: Failure): GetStep {
    if (refusal?.code === 'TOO_LARGE') this.#tooLarge = refusal
    const earlier = this.#answerOf(by)
    const mattered = remove(this.#waiting, by) || remove(this.#fetching, by)
    remove(this.#fetching, by)
    if (!mattered || this.#settled) return undefined
    if (earlier !== undefined && !this.holds(earlier.answer.digest)) {
      this.#answers.splice(this.#answers.indexOf(earlier), 1)
    }
    return this.#next(now)
  }

  tick(now: Instant): GetStep {
    if (this.#settled) return undefined
    if (now >= this.#terms.deadline) {
      sometimes('a get ends at its deadline')
      return this.#fail('TIMEOUT')
    }
    return this.#next(now)
  }

  /** One more was asked for its digest. */
  askedToo(node: NodeId): void {
    this.#asked = appended(this.#asked, node)
    this.#waiting.push(node)
  }

  /** One more was asked for the whole object, since the first is slow. */
  askedFull(node: NodeId): void {
    this.#fetching.push(node)
  }

  /** There is no room for what was read. */
  noRoom(): GetStep {
    sometimes('a get finds no room for what it read')
    this.#settled = true
    const outcome = this.#outcome()
    return { type: 'failed', failure: { code: 'BUSY', message: noRoomLine, outcome } }
  }

  /** It is short, and there is nobody else to ask. */
  gaveUp(): GetStep {
    sometimes('a get loses its quorum')
    return this.#fail('QUORUM')
  }

  wasAsked(node: NodeId): boolean {
    return this.#asked.includes(node)
  }

  waitsFor(node: NodeId): boolean {
    return this.#waiting.includes(node) || this.#fetching.includes(node)
  }

  /** Its object is on the way. */
  fetches(node: NodeId): boolean {
    return this.#fetching.includes(node)
  }

  /** Nothing at all was heard of whom was asked first for the whole object. */
  get unread(): boolean {
    return this.#waiting.includes(this.full)
  }

  /** Who else may have the object: those that said so, else those that are silent too. */
  get readable(): readonly NodeId[] {
    const told = this.#answers.filter(one => !this.#resolved(one)).map(({ by }) => by)
    return told.length > 0 ? told : this.#waiting.filter(node => !this.fetches(node))
  }

  /** The object of this digest is in hand, or it is nothing. */
  holds(digest: string): boolean {
    if (digest === nothingHeld) return true
    for (const object of this.#objects) if (object.digest === digest) return true
    return false
  }

  /** Asked, and not heard. */
  get silent(): readonly NodeId[] {
    return this.#waiting
  }

  /** What each answered, late ones too. */
  get answers(): readonly Answered[] {
    return this.#answers
  }

  /** How many more must count. */
  get missing(): number {
    let missing = this.#terms.needed
    for (const one of this.#answers) if (this.#counts(one) && this.#resolved(one)) missing -= 1
    return missing
  }

  get settled(): boolean {
    return this.#settled
  }

  #next(now: Instant): GetStep {
    const { needed } = this.#terms
    let resolved = 0
    let counting = 0
    for (const one of this.#answers) {
      if (!this.#counts(one)) continue
      counting += 1
      if (this.#resolved(one)) resolved += 1
    }
    if (resolved >= needed) return this.#done()
    let possible = counting
    for (const node of this.#waiting) if (this.#answerOf(node) === undefined) possible += 1
    if (possible < needed) return short
    return counting >= needed ? this.#fetch(now) : undefined
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
      if (this.holds(answer.digest) || expected.has(answer.digest)) continue
      expected.add(answer.digest)
      if (!this.#fetching.includes(by)) this.#fetching.push(by)
      from.push(by)
    }
    if (from.length === 0) return undefined
    if (this.#objects.length > 0) sometimes('a get fetches a copy that differs')
    else sometimes('a get fetches since the full read is slow')
    return { type: 'fetch', from }
  }

  /** Does this answer count to R, once its object is in hand? */
  #counts({ by, answer }: Answered): boolean {
    if (!answer.whole) {
      sometimes('a replica that is not whole answers a get')
      return false
    }
    if (this.#isPrimary(by) || answer.digest !== nothingHeld) return true
    sometimes('a fallback holds nothing')
    return mutant(17)
  }

  #resolved({ answer }: Answered): boolean {
    return this.holds(answer.digest)
  }

  #isPrimary(node: NodeId): boolean {
    return this.#terms.primaries.includes(node)
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
    const [first] = this.#objects
    let siblings = first?.siblings ?? noSiblings
    for (const object of this.#objects) siblings = mergeSiblings(siblings, object.siblings)
    let digest = first === undefined ? nothingHeld : undefined
    for (const object of this.#objects) if (object.siblings === siblings) digest = object.digest
    let generation = 0
    for (const { answer } of this.#answers) {
      generation = Math.max(generation, answer.generation)
    }
    return { type: 'done', siblings, digest, generation, outcome: this.#outcome() }
  }

  #fail(code: 'QUORUM' | 'TIMEOUT'): GetStep {
    this.#settled = true
    const outcome = this.#outcome()
    if (this.#tooLarge !== undefined) {
      const { code: why, message } = this.#tooLarge
      return { type: 'failed', failure: { code: why, message, outcome } }
    }
    const acks = outcome.primaryAcks.length + outcome.fallbackAcks.length
    const message = `${acks} of ${outcome.needed} replicas answered${code === 'TIMEOUT' ? ' in time' : ''}`
    return { type: 'failed', failure: { code, message, outcome } }
  }

  #outcome(): Outcome {
    let primaryAcks: readonly NodeId[] = []
    let fallbackAcks: readonly NodeId[] = []
    for (const one of this.#answers) {
      if (!this.#counts(one) || !this.#resolved(one)) continue
      if (this.#isPrimary(one.by)) primaryAcks = appended(primaryAcks, one.by)
      else fallbackAcks = appended(fallbackAcks, one.by)
    }
    const outcome = nothingDone(this.#terms.needed, undefined, primaryAcks)
    if (fallbackAcks.length === 0) return outcome
    sometimes('a fallback counts to a get')
    return { ...outcome, fallbackAcks }
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

const short = { type: 'short' } as const
/** Of no other refusal. */
export const noRoomLine = 'what this client has under way fills its part of the memory of this node'
/** The digest of a replica that holds nothing of the key. */
export const nothingHeld = ''
/** So long the full read is waited for where no hedge was sent: more than hedges may cost. */
const fullReadPatienceMs = 250
