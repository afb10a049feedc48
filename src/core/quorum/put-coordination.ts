/**
 * One put until it is answered: the tally, who else is asked where a primary fails, whom to answer
 * and with what. A primary that has not acknowledged by then is owed a hint, unless somebody else
 * keeps one (`owed-hints.ts`): a missing ack is treated as a node that is down.
 */
import { mutant, sometimes } from '#mutants'
import type { ExplainedWhat } from '../explained.ts'
import type { Holdings } from '../holdings.ts'
import type { Generation, Instant, Key, NodeId, OpId, RequestId, Token } from '../ids.ts'
import type { StoreCopy } from '../message.ts'
import type { Copy, Objects } from '../objects.ts'
import type { Failure } from '../outcome.ts'
import type { Placement } from '../placement.ts'
import type { RoundThen } from '../reaping/steps.ts'
import type { Coordination, PeerAnswer } from '../requests.ts'
import type { Effect } from '../step.ts'
import type { Explanation } from './explain.ts'
import type { SecondSendCounts } from './making.ts'
import { answerPut, failed, holderOf, type Origin } from './origin.ts'
import type { OwedHints } from './owed-hints.ts'
import { PutTally, type PutTallyTerms, type PutVerdict } from './put.ts'

/** What waits for a commit: a coordinator's own write, the ack of a peer's copy, of a handoff. */
export type Stored =
  | { readonly type: 'own'; readonly id: RequestId }
  | { readonly type: 'copy'; readonly to: NodeId; readonly id: RequestId }
  | HandedThen
  | RoundThen
/** `waits`: rows of the handoff that are not durable yet. `left`: copies that were not taken. */
export type HandedThen = {
  readonly type: 'handed'
  readonly to: NodeId
  readonly id: RequestId
  readonly foreground: number
  waits: number
  readonly left: number[]
  refused: Failure | undefined
}

/** What the put asks for, and what its reply will say. */
export type PutTerms = PutTallyTerms & {
  readonly key: Key
  readonly token: Token
  /** Whose hint the coordinator wrote to; undefined: it owns the key. */
  readonly standsInFor: NodeId | undefined
  readonly begun: Instant
  readonly context: Uint8Array
  readonly made: Copy
  /** The highest operation of the key that its coordinator knows; undefined: this one. */
  readonly newest: OpId | undefined
  readonly siblings: number
  readonly generation: number
  /** Where the client wants to see what was done. */
  readonly explanation: Explanation | undefined
}

type Parts = {
  readonly placement: Placement
  readonly objects: Objects<Stored>
  readonly holdings: Holdings
  readonly owed: OwedHints
  readonly counts: Pick<SecondSendCounts, 'unpinned'>
}

export class PutCoordination implements Coordination {
  readonly #parts: Parts
  readonly #id: RequestId
  readonly #origin: Origin
  readonly #terms: PutTerms
  readonly #tally: PutTally
  /** The object as it is sent; let go once nobody else will get it. */
  #copy: StoreCopy | undefined
  #hurried = false
  #resends = 0
  #over = false

  constructor(parts: Parts, origin: Origin, terms: PutTerms, copy: StoreCopy) {
    this.#parts = parts
    this.#id = copy.id
    this.#origin = origin
    this.#terms = terms
    this.#copy = copy
    this.#tally = new PutTally(terms)
    parts.holdings.add(holderOf(origin), madeBytes(copy.object))
  }

  /** Sends the object to a node: as its own, or to keep for an owner. This node stores itself. */
  ask(node: NodeId, owner: NodeId | undefined, now: Instant, out: Effect[]): void {
    this.#tally.asked(node, owner)
    this.#note(now, node, owner === undefined ? 'sent' : 'sent-hint', owner)
    const copy = this.#copy
    if (copy === undefined || node === this.#parts.placement.self) return
    const timeLeft = Math.max(1, this.#terms.deadline - now)
    const message = owner === undefined ? copy : { ...copy, owner, timeLeft }
    out.push({ type: 'send', to: node, message })
  }

  /** The coordinator's own write is durable. */
  stored(self: NodeId, now: Instant, out: Effect[]): void {
    this.#acked(self, now, out)
  }

  answered(from: NodeId, answer: PeerAnswer, now: Instant, out: Effect[]): void {
    if (answer.type !== 'stored') return
    const { refused } = answer
    if (refused === undefined) return this.#acked(from, now, out)
    this.#note(now, from, 'refused', refused.code)
    if (refused.floor !== undefined && this.#sendAgain(from, refused.floor, now, out)) return
    if (this.#tally.lost(from, refused)) this.#replace(now, out)
  }

  lost(node: NodeId, now: Instant, out: Effect[]): void {
    if (!this.#tally.lost(node)) return
    this.#note(now, node, 'lost')
    this.#replace(now, out)
  }

  tick(now: Instant, out: Effect[]): void {
    if (!this.#hurried && !this.#tally.settled && now >= this.#terms.begun + patienceMs) {
      this.#hurried = true
      this.#standIn(now, out)
    }
    this.#settle(this.#tally.tick(now), out)
  }

  over(): boolean {
    return this.#over
  }

  #acked(node: NodeId, now: Instant, out: Effect[]): void {
    const owner = this.#tally.ownerFor(node)
    this.#note(now, node, owner === undefined ? 'stored' : 'hinted', owner)
    this.#settle(this.#tally.stored(node), out)
  }

  #note(now: Instant, node: NodeId, what: ExplainedWhat, detail?: string): void {
    this.#terms.explanation?.note(now, node, what, detail)
  }

  /** It was read too long ago: what is held now is as good, if it was read since. */
  #sendAgain(to: NodeId, floor: Generation, now: Instant, out: Effect[]): boolean {
    const { token, key, deadline } = this.#terms
    const { all } = this.#parts.objects.baseOf(token, key, undefined)
    if (all === undefined || all.generation < floor || this.#copy === undefined) return false
    if (this.#resends >= resendsMax) return false
    sometimes('a copy below the floor is read again')
    this.#resends++
    const { object, generation, time } = all
    const owner = this.#tally.ownerFor(to)
    const timeLeft = Math.max(1, deadline - now)
    const message = { ...this.#copy, object, generation, time, owner, timeLeft }
    out.push({ type: 'send', to, message })
    return true
  }

  #replace(now: Instant, out: Effect[]): void {
    this.#standIn(now, out)
    this.#settle(this.#tally.judge(), out)
  }

  /** A fallback for each primary that is lost, or that has been silent for too long. */
  #standIn(now: Instant, out: Effect[]): void {
    if (this.#tally.settled) return
    const { placement } = this.#parts
    for (const owner of this.#tally.uncovered(!this.#hurried)) {
      const node = placement
        .fallbacks(this.#terms.token)
        .find(one => !this.#tally.knows(one) && one !== placement.self && placement.reachable(one))
      if (node === undefined) return
      sometimes('a fallback is asked in the middle of a put')
      this.ask(node, owner, now, out)
    }
  }

  #settle(verdict: PutVerdict | undefined, out: Effect[]): void {
    if (verdict === undefined) return
    this.#over = true
    this.#answer(verdict, out)
    const { token, key, deadline, standsInFor, made } = this.#terms
    const [unheld, expected] = [this.#tally.unheld(), this.#tally.expected()]
    const put = { id: this.#id, token, key, deadline, unheld, expected }
    if (standsInFor === undefined || mutant(675)) this.#parts.owed.add(put)
    else this.#parts.owed.keepNow(put, made)
  }

  #answer(verdict: PutVerdict, out: Effect[]): void {
    this.#letGo()
    const { context, newest, siblings, generation, explanation } = this.#terms
    if (verdict.type === 'failed') {
      this.#pin()
      const failure = failed(this.#origin, verdict.failure, explanation?.explained())
      return void out.push(answerPut(this.#origin, failure))
    }
    out.push(
      answerPut(this.#origin, {
        type: 'wrote',
        id: this.#origin.id,
        context,
        newest,
        siblings,
        generation,
        outcome: this.#tally.outcome(true),
        explained: explanation?.explained(),
      }),
    )
  }

  /** The object that was made is nobody's any more. */
  #letGo(): void {
    const { holdings } = this.#parts
    if (this.#copy === undefined) return
    if (!mutant(681)) holdings.add(holderOf(this.#origin), -madeBytes(this.#copy.object))
    this.#copy = undefined
  }

  /** Its client may send it again: that may make a second dot, where nobody knows of this one. */
  #pin(): void {
    const { token, key, op, standsInFor } = this.#terms
    if (mutant(633)) return
    const { objects, counts } = this.#parts
    const told = objects.pin(token, key, standsInFor, op)
    if (told === 'pinned') sometimes('a put that ended in doubt is pinned')
    else if (told === 'full') counts.unpinned++
  }
}

/** The object of a put is held twice until it is answered: as it is sent, and in its row. */
export function madeBytes(object: Uint8Array): number {
  return 2 * object.length
}

/** A primary that is silent for so long gets a stand-in beside it, where W is not met yet. */
const patienceMs = 250
/** More rounds than end while one put is under way. */
const resendsMax = 8
