/**
 * One get under way: the tally of what replicas hold, then what is written back to those that
 * lack it, then the reply. Fallbacks stand in for primaries that cannot be read (sloppy quorum,
 * Dynamo §4.6). It stays until everybody that was asked has answered or its time is over: late
 * answers are repaired too.
 */
import { mutant, sometimes } from '#mutants'
import { encodeContext } from '../causality/context.ts'
import { itemDigest } from '../causality/digest.ts'
import { type Siblings, seenOf, type Version, valueBytes } from '../causality/siblings.ts'
import type { ExplainedWhat } from '../explained.ts'
import { after, type Instant, type NodeId } from '../ids.ts'
import type { ShownVersion } from '../message.ts'
import type { Failure, Outcome } from '../outcome.ts'
import type { Coordination, PeerAnswer } from '../requests.ts'
import type { Effect } from '../step.ts'
import { shownDigest } from './explain.ts'
import { type GetDone, type GetStep, type GetTally, type HeldAnswer, nothingHeld } from './get.ts'
import { type GetParts, type GetSubject, heldHere, heldOf, readOf } from './get-subject.ts'
import { failed, replyTo } from './origin.ts'
import { ReadRepair } from './read-repair.ts'
import { WriteBack } from './write-back.ts'

export class GetCoordination implements Coordination {
  readonly #parts: GetParts
  readonly #subject: GetSubject
  readonly #tally: GetTally
  readonly #begunAt: Instant
  #hedged = false
  #standInAt: Instant
  #done: GetDone | undefined
  #repair: WriteBack | undefined
  #replied = false
  /** Bytes of objects in hand, until it is answered. */
  #held = 0
  /** Bytes of the room for late answers that it takes up; undefined: it found none. */
  #room: number | undefined = 0

  constructor(parts: GetParts, subject: GetSubject, tally: GetTally, now: Instant) {
    this.#parts = parts
    this.#subject = subject
    this.#tally = tally
    this.#begunAt = now
    this.#standInAt = after(now, standInAfterMs)
  }

  /** Asks another node what it holds, or reads what this one holds. */
  ask(node: NodeId, full: boolean, now: Instant, out: Effect[]): void {
    this.#subject.explanation?.note(now, node, full ? 'asked-full' : 'asked-digest')
    this.#read(node, full, now, out)
  }

  answered(from: NodeId, answer: PeerAnswer, now: Instant, out: Effect[]): void {
    if (answer.type === 'stored') {
      if (answer.refused === undefined) this.#copied(from, now, out)
      else this.#refused(from, answer.refused, now, out)
    } else if (answer.type === 'held') {
      const held = answer.refused === undefined ? heldOf(this.#parts.env, answer) : undefined
      if (held === undefined) this.#refused(from, answer.refused, now, out)
      else {
        this.#learn(from, held, now)
        this.#heard(from, held, now, out)
      }
    }
    this.#leaveRoom(now)
  }

  /** What this node wrote to its own row is durable. */
  stored(self: NodeId, now: Instant, out: Effect[]): void {
    this.#copied(self, now, out)
    this.#leaveRoom(now)
  }

  lost(node: NodeId, now: Instant, out: Effect[]): void {
    if (this.#tally.waitsFor(node)) this.#subject.explanation?.note(now, node, 'lost')
    this.#gone(node, now, out)
    this.#leaveRoom(now)
  }

  tick(now: Instant, out: Effect[]): void {
    this.#go(this.#tally.tick(now), now, out)
    if (!this.#tally.settled) this.#hedge(now, out)
    if (!this.#tally.settled && now >= this.#standInAt) {
      this.#standInAt = after(now, standInAfterMs)
      for (let missing = this.#tally.missing; missing > 0; missing--) this.#standIn(now, out)
    }
    const { deadline, request } = this.#subject
    const margin = Math.min(answerMarginMs, request.timeLeft * answerMargin)
    if (now >= deadline - margin && this.#done !== undefined) this.#reply(this.#done, out)
    this.#replyOnceDurable(now, out)
    this.#leaveRoom(now)
  }

  over(now: Instant): boolean {
    if (!this.#replied) return false
    if (this.#done === undefined || this.#room === undefined) return true
    const quiet = this.#tally.silent.length === 0 && this.#repair?.tally.pending !== true
    return quiet || now >= this.#subject.deadline
  }

  #read(node: NodeId, full: boolean, now: Instant, out: Effect[]): void {
    if (node === this.#parts.placement.self) this.#own(now, out)
    else out.push(readOf(this.#parts, this.#subject, node, full, now))
  }

  #own(now: Instant, out: Effect[]): void {
    const { placement } = this.#parts
    const { token, request } = this.#subject
    const held = heldHere(this.#parts, token, request.key)
    if (held === undefined) this.#refused(placement.self, undefined, now, out)
    else this.#heard(placement.self, held, now, out)
  }

  /** Is it whole? And how long a first question took: those that stand in were asked later. */
  #learn(from: NodeId, { whole }: HeldAnswer, now: Instant): void {
    if (whole) this.#parts.unwhole.delete(from)
    else this.#parts.unwhole.add(from)
    if (!this.#tally.silent.includes(from) || !this.#subject.primaries.includes(from)) return
    this.#parts.hedging.answered(from, now - this.#begunAt, from === this.#tally.full, now)
  }

  /** Asks one more for the whole object where the first one is late. */
  #hedge(now: Instant, out: Effect[]): void {
    const { hedging, placement } = this.#parts
    const waited = now - this.#begunAt
    if (!this.#tally.unread || this.#hedged || waited < hedging.delayMs) return
    hedging.silent(this.#tally.full, waited, now)
    const others = this.#tally.readable.filter(node => placement.reachable(node))
    const next = hedging.fastest(others, now)
    if (next === undefined || !hedging.spend()) return
    sometimes('a get is hedged')
    this.#hedged = true
    this.#tally.askedFull(next)
    this.#subject.explanation?.note(now, next, 'hedged')
    this.#read(next, true, now, out)
  }

  #heard(by: NodeId, held: HeldAnswer, now: Instant, out: Effect[]): void {
    this.#subject.explanation?.note(now, by, nameOf(held), shownAnswer(held))
    if (!this.#hasRoomFor(held)) {
      if (this.#tally.settled) return this.#gone(by, now, out)
      return this.#go(this.#tally.noRoom(), now, out)
    }
    const expected = this.#tally.waitsFor(by) || this.#repair?.tally.fetches(by) === true
    const late = expected && this.#done !== undefined
    this.#go(this.#tally.answered(by, held, now), now, out)
    if (late) this.#late(by, held, now, out)
  }

  /** What was read counts against whoever asked; past their part of the room it is let go. */
  #hasRoomFor({ siblings }: HeldAnswer): boolean {
    if (siblings === undefined || this.#replied) return true
    const bytes = valueBytes(siblings)
    if (!this.#parts.holdings.take(this.#subject.origin.holder, bytes)) return false
    this.#held += bytes
    return true
  }

  #giveBack(): void {
    if (this.#held > 0) this.#parts.holdings.add(this.#subject.origin.holder, -this.#held)
    this.#held = 0
  }

  #refused(node: NodeId, refusal: Failure | undefined, now: Instant, out: Effect[]): void {
    this.#subject.explanation?.note(now, node, 'refused', refusal?.code ?? 'damaged')
    this.#gone(node, now, out, refusal)
  }

  #gone(node: NodeId, now: Instant, out: Effect[], refusal?: Failure): void {
    if (!this.#tally.settled && this.#tally.waitsFor(node)) this.#standIn(now, out)
    this.#go(this.#tally.lost(node, now, refusal), now, out)
    this.#repair?.tally.lost(node)
    this.#replyOnceDurable(now, out)
  }

  /** Asks the next fallback in place of a primary; false where there is none. */
  #standIn(now: Instant, out: Effect[]): boolean {
    const { placement } = this.#parts
    const { request, token } = this.#subject
    if (request.strict) return false
    for (const node of placement.fallbacks(token)) {
      if (this.#tally.wasAsked(node) || !placement.reachable(node)) continue
      sometimes('a fallback is asked during a get')
      this.#tally.askedToo(node)
      this.ask(node, false, now, out)
      return true
    }
    return false
  }

  #go(step: GetStep, now: Instant, out: Effect[]): void {
    if (step === undefined) return
    const { origin, explanation } = this.#subject
    switch (step.type) {
      case 'fetch':
        for (const node of step.from) this.ask(node, true, now, out)
        return
      case 'short': {
        const another = this.#standIn(now, out)
        return this.#go(another ? this.#tally.tick(now) : this.#tally.gaveUp(), now, out)
      }
      case 'done':
        return this.#found(step, now, out)
      case 'failed':
        this.#replied = true
        this.#giveBack()
        out.push(replyTo(origin, failed(origin, step.failure, explanation?.explained())))
    }
  }

  #found(done: GetDone, now: Instant, out: Effect[]): void {
    const { mode } = this.#subject
    this.#done = done
    if (mode === 'off') return this.#reply(done, out)
    const digest = done.digest ?? this.#digestOf(done.siblings)
    if (this.#agree(digest, mode)) return this.#reply(done, out)
    this.#begin(done, digest, now, out)
    if (mode === 'async') this.#reply(done, out)
    else this.#replyOnceDurable(now, out)
  }

  /** Nothing to repair among those heard, and nothing to wait for. */
  #agree(digest: string, mode: 'blocking' | 'async'): boolean {
    const { primaries, needed } = this.#subject
    let holders = 0
    for (const { by, answer } of this.#tally.answers) {
      if (answer.digest !== digest) return false
      if (primaries.includes(by)) holders += 1
    }
    return mode === 'async' || holders >= needed
  }

  /** Heard after it was decided what is returned. */
  #late(by: NodeId, held: HeldAnswer, now: Instant, out: Effect[]): void {
    const done = this.#done
    if (done === undefined || this.#subject.mode === 'off') return
    if (this.#repair !== undefined) {
      this.#repair.heard(by, held, now, out)
      return this.#replyOnceDurable(now, out)
    }
    const digest = done.digest ?? this.#digestOf(done.siblings)
    if (held.digest === digest) return
    sometimes('a late answer differs')
    this.#begin(done, digest, now, out)
  }

  #begin(done: GetDone, digest: string, now: Instant, out: Effect[]): void {
    const digestOf = (siblings: Siblings) => this.#digestOf(siblings)
    const { primaries, needed } = this.#subject
    const repair = new ReadRepair({ primaries, needed, digestOf }, done.siblings, digest)
    this.#repair = new WriteBack(this.#parts, this.#subject, this.#tally, repair)
    this.#repair.begin(now, out)
  }

  /** A copy is durable. */
  #copied(by: NodeId, now: Instant, out: Effect[]): void {
    this.#repair?.stored(by, now, out)
    this.#replyOnceDurable(now, out)
  }

  #digestOf(siblings: Siblings): string {
    const { hash, secrets } = this.#parts.env
    return itemDigest(hash, secrets.digest, this.#subject.request.key, siblings)
  }

  /** Or unrepaired, once too few can still hold it: whoever is slow to answer is not waited for. */
  #replyOnceDurable(now: Instant, out: Effect[]): void {
    const repair = this.#repair?.tally
    if (this.#replied || this.#done === undefined || repair === undefined) return
    const early = now - this.#begunAt < standInAfterMs
    const silent = (node: NodeId) => early && this.#tally.waitsFor(node)
    if (repair.enough || !repair.hopeful(silent)) this.#reply(this.#done, out)
  }

  #reply({ siblings, generation, outcome }: GetDone, out: Effect[]): void {
    if (this.#replied) return
    this.#replied = true
    if (!mutant(680)) this.#giveBack()
    const { hash, secrets } = this.#parts.env
    const { origin, request, explanation } = this.#subject
    out.push(
      replyTo(origin, {
        type: 'got',
        id: origin.id,
        versions: siblings.versions.map(shownOf),
        context: encodeContext(hash, secrets.context, request.key, seenOf(siblings), generation),
        generation,
        outcome: this.#repair === undefined ? outcome : this.#repaired(outcome, this.#repair.tally),
        explained: explanation?.explained(),
      }),
    )
    if (this.#tally.silent.length === 0 && this.#repair?.tally.pending !== true) return
    const bytes = getBytes + valueBytes(siblings)
    this.#room = this.#parts.late.take(bytes) ? bytes : undefined
  }

  #repaired(outcome: Outcome, { repaired, enough }: ReadRepair): Outcome {
    const unrepaired = this.#subject.mode === 'blocking' && !enough
    if (unrepaired) sometimes('a get is answered unrepaired')
    return { ...outcome, repaired, unrepaired }
  }

  /** Called where a get may have ended. */
  #leaveRoom(now: Instant): void {
    if (this.#room === undefined || this.#room === 0 || !this.over(now)) return
    this.#parts.late.give(this.#room)
    this.#room = 0
  }
}

function shownOf({ dot, op, tombstone, value, at, via }: Version): ShownVersion {
  return { dot, op, value: tombstone ? undefined : value, at, via }
}

function nameOf({ digest, siblings }: HeldAnswer): ExplainedWhat {
  if (digest === nothingHeld) return 'nothing'
  return siblings === undefined ? 'digest' : 'full'
}

function shownAnswer({ digest, whole }: HeldAnswer): string {
  const shown = shownDigest(digest)
  return whole ? shown : `${shown} not whole`.trim()
}

/** A primary that is silent for so long is stood in for, and again after as long. */
const standInAfterMs = 250
/** A reply that waits for repair leaves so long before the deadline at the latest. */
const answerMarginMs = 250
/** Of the time that the client gave, at most. */
const answerMargin = 0.2
/** What a get keeps until the last answer, beside values. */
const getBytes = 4096
