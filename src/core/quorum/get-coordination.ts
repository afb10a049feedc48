/**
 * One get under way: the tally of what replicas hold, then what is written back to those that
 * lack it, then the reply. Fallbacks stand in for primaries that cannot be read (sloppy quorum,
 * Dynamo §4.6). It stays until everybody that was asked has answered or its time is over: late
 * answers are repaired too.
 */
import { sometimes } from '#mutants'
import { encodeContext } from '../causality/context.ts'
import { itemDigest } from '../causality/digest.ts'
import { decodeObject, encodeObject } from '../causality/object.ts'
import { type Siblings, seenOf, type Version } from '../causality/siblings.ts'
import {
  after,
  type Generation,
  type Instant,
  type Key,
  type NodeId,
  type RequestId,
  type Token,
} from '../ids.ts'
import type { CopyRead, GetRequest, ShownVersion, StoreCopy } from '../message.ts'
import { type Copy, damaged, type Objects } from '../objects.ts'
import type { Outcome } from '../outcome.ts'
import type { Placement } from '../placement.ts'
import type { Coordination, PeerAnswer } from '../requests.ts'
import type { Effect, Env } from '../step.ts'
import {
  type GetDone,
  type GetStep,
  type GetTally,
  type GetTerms,
  type HeldAnswer,
  nothingHeld,
} from './get.ts'
import type { Hedging } from './hedging.ts'
import type { LateRoom } from './late-room.ts'
import { type ClientOrigin, failed, replyTo } from './origin.ts'
import type { Stored } from './put-coordination.ts'
import { ReadRepair } from './read-repair.ts'
import type { RepairMode } from './repair-mode.ts'

/** What all gets of a node share. */
export type GetParts = {
  readonly env: Env
  readonly placement: Placement
  readonly objects: Objects<Stored>
  readonly late: LateRoom
  readonly hedging: Hedging
  readonly counts: GetCounts
}

/** Since the start. */
export type GetCounts = { repairs: number }

/** What one get is about. */
export type GetSubject = GetTerms & {
  readonly id: RequestId
  readonly origin: ClientOrigin
  readonly request: GetRequest
  readonly token: Token
  readonly mode: Exclude<RepairMode, number>
}

export class GetCoordination implements Coordination {
  readonly #parts: GetParts
  readonly #subject: GetSubject
  readonly #tally: GetTally
  readonly #begunAt: Instant
  #hedged = false
  #standInAt: Instant
  #done: GetDone | undefined
  #repair: ReadRepair | undefined
  #replied = false
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
    const { placement } = this.#parts
    if (node === placement.self) return this.#own(now, out)
    const { id, token, request } = this.#subject
    const { epoch } = placement
    const { key } = request
    const timeLeft = this.#timeLeft(now)
    const message = { type: 'read', id, epoch, timeLeft, key, token, full } as const
    out.push({ type: 'send', to: node, message })
  }

  answered(from: NodeId, answer: PeerAnswer, now: Instant, out: Effect[]): void {
    if (answer.type === 'stored') {
      if (answer.refused === undefined) this.#copied(from, now, out)
      else this.#repair?.lost(from)
      this.#replyOnceDurable(out)
    } else if (answer.type === 'held') {
      const held = answer.refused === undefined ? heldOf(this.#parts.env, answer) : undefined
      if (held === undefined) this.#gone(from, now, out)
      else {
        this.#learn(from, now)
        this.#heard(from, held, now, out)
      }
    }
    this.#leaveRoom(now)
  }

  /** What this node wrote to its own row is durable. */
  stored(self: NodeId, now: Instant, out: Effect[]): void {
    this.#copied(self, now, out)
    this.#replyOnceDurable(out)
    this.#leaveRoom(now)
  }

  lost(node: NodeId, now: Instant, out: Effect[]): void {
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
    this.#leaveRoom(now)
  }

  over(now: Instant): boolean {
    if (!this.#replied) return false
    if (this.#done === undefined || this.#room === undefined) return true
    const quiet = this.#tally.silent.length === 0 && this.#repair?.pending !== true
    return quiet || now >= this.#subject.deadline
  }

  #own(now: Instant, out: Effect[]): void {
    const { placement } = this.#parts
    const { token, request } = this.#subject
    const held = heldHere(this.#parts, token, request.key)
    if (held === undefined) this.#gone(placement.self, now, out)
    else this.#heard(placement.self, held, now, out)
  }

  /** How long a first question took; those that stand in were asked later. */
  #learn(from: NodeId, now: Instant): void {
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
    this.ask(next, true, now, out)
  }

  #heard(by: NodeId, held: HeldAnswer, now: Instant, out: Effect[]): void {
    const expected = this.#tally.waitsFor(by) || this.#repair?.fetches(by) === true
    const late = expected && this.#done !== undefined
    this.#go(this.#tally.answered(by, held, now), now, out)
    if (late) this.#late(by, held, now, out)
  }

  #gone(node: NodeId, now: Instant, out: Effect[]): void {
    if (!this.#tally.settled && this.#tally.waitsFor(node)) this.#standIn(now, out)
    this.#go(this.#tally.lost(node, now), now, out)
    this.#repair?.lost(node)
    this.#replyOnceDurable(out)
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
        out.push(replyTo(this.#subject.origin, failed(this.#subject.origin, step.failure)))
    }
  }

  #found(done: GetDone, now: Instant, out: Effect[]): void {
    const { mode } = this.#subject
    this.#done = done
    if (mode === 'off') return this.#reply(done, out)
    const digest = done.digest ?? this.#digestOf(done.siblings)
    if (this.#agree(digest, mode)) return this.#reply(done, out)
    this.#begin(digest, now, out)
    if (mode === 'async') this.#reply(done, out)
    else this.#replyOnceDurable(out)
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

  #begin(digest: string, now: Instant, out: Effect[]): ReadRepair | undefined {
    const done = this.#done
    if (done === undefined) return undefined
    const { primaries, needed } = this.#subject
    const digestOf = (siblings: Siblings) => this.#digestOf(siblings)
    const repair = new ReadRepair({ primaries, needed, digestOf }, done.siblings, digest)
    this.#repair = repair
    for (const { by, answer } of this.#tally.answers) {
      const fetch = repair.heard(by, answer, this.#tally.holds(answer.digest))
      if (fetch && !this.#tally.fetches(by)) this.ask(by, true, now, out)
    }
    this.#write(repair, now, out)
    return repair
  }

  /** Heard after it was decided what is returned. */
  #late(by: NodeId, held: HeldAnswer, now: Instant, out: Effect[]): void {
    const { mode } = this.#subject
    const done = this.#done
    if (done === undefined || mode === 'off') return
    if (this.#repair === undefined) {
      const digest = done.digest ?? this.#digestOf(done.siblings)
      if (held.digest === digest) return
      sometimes('a late answer differs')
      this.#begin(digest, now, out)
      return
    }
    const fetch = this.#repair.heard(by, held, this.#tally.holds(held.digest))
    if (fetch) this.ask(by, true, now, out)
    this.#write(this.#repair, now, out)
    this.#replyOnceDurable(out)
  }

  /** What was found, to the primaries that lack some of it: this node or others. */
  #write(repair: ReadRepair, now: Instant, out: Effect[]): void {
    const due = repair.due()
    if (due.length === 0) return
    sometimes('a read repairs')
    const { placement, objects } = this.#parts
    const { id, token, request } = this.#subject
    const { key } = request
    const siblings = repair.merged
    if (siblings.versions.length > 1) sometimes('a read repairs with siblings')
    const copy = { object: encodeObject(siblings), siblings, ...this.#stamp(siblings) }
    this.#parts.counts.repairs += due.length
    for (const to of due) {
      if (to !== placement.self) this.#send(to, copy, now, out)
      else if (!objects.merge(token, key, copy, { type: 'own', id })) this.#copied(to, now, out)
    }
  }

  /** A copy is durable; where more was found meanwhile, that follows. */
  #copied(by: NodeId, now: Instant, out: Effect[]): void {
    const repair = this.#repair
    if (repair?.stored(by) === true) this.#write(repair, now, out)
  }

  #send(to: NodeId, { object, generation, time }: Copy, now: Instant, out: Effect[]): void {
    const { id, token, request } = this.#subject
    const message: StoreCopy = {
      type: 'store',
      id,
      epoch: this.#parts.placement.epoch,
      timeLeft: this.#timeLeft(now),
      key: request.key,
      token,
      object,
      generation,
      time,
      owner: undefined,
    }
    out.push({ type: 'send', to, message })
  }

  /** The lowest generation read; the time that a replica has which got every put. */
  #stamp({ versions }: Siblings): Pick<Copy, 'generation' | 'time'> {
    let generation: Generation | undefined
    for (const { answer } of this.#tally.answers) {
      if (answer.digest === nothingHeld) continue
      generation = Math.min(generation ?? answer.generation, answer.generation)
    }
    let time = 0
    for (const version of versions) time = Math.max(time, version.at)
    return { generation: generation ?? 0, time }
  }

  #digestOf(siblings: Siblings): string {
    const { hash, secrets } = this.#parts.env
    return itemDigest(hash, secrets.digest, this.#subject.request.key, siblings)
  }

  #timeLeft(now: Instant): number {
    return Math.max(1, this.#subject.deadline - now)
  }

  #replyOnceDurable(out: Effect[]): void {
    if (this.#done === undefined || this.#repair === undefined) return
    const silent = (node: NodeId) => this.#tally.waitsFor(node)
    if (this.#repair.enough || !this.#repair.hopeful(silent)) this.#reply(this.#done, out)
  }

  #reply({ siblings, generation, outcome }: GetDone, out: Effect[]): void {
    if (this.#replied) return
    this.#replied = true
    const { hash, secrets } = this.#parts.env
    const { origin, request } = this.#subject
    out.push(
      replyTo(origin, {
        type: 'got',
        id: origin.id,
        versions: siblings.versions.map(shownOf),
        context: encodeContext(hash, secrets.context, request.key, seenOf(siblings), generation),
        generation,
        outcome: this.#repair === undefined ? outcome : this.#repaired(outcome, this.#repair),
        explained: undefined,
      }),
    )
    if (this.#tally.silent.length === 0 && this.#repair?.pending !== true) return
    const bytes = sizeOf(siblings)
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

/** What this node holds durably of the key; undefined where that cannot be read. */
function heldHere(parts: GetParts, token: Token, key: Key): HeldAnswer | undefined {
  const held = parts.objects.durable(token, key)
  if (held === damaged) return undefined
  const digest = held?.digest ?? nothingHeld
  return { digest, whole: parts.env.whole, generation: 0, siblings: held?.siblings }
}

/** What a peer's answer says; undefined where its object cannot be read. */
function heldOf(env: Env, answer: CopyRead): HeldAnswer | undefined {
  const { digest, whole, generation, object } = answer
  if (object === undefined) return { digest, whole, generation, siblings: undefined }
  const siblings = decodeObject(env.hash, object)
  return siblings === undefined ? undefined : { digest, whole, generation, siblings }
}

/** About what a get keeps in memory until the last answer. */
function sizeOf({ versions }: Siblings): number {
  let size = getBytes
  for (const version of versions) size += version.value.length
  return size
}

/** A primary that is silent for so long is stood in for, and again after as long. */
const standInAfterMs = 250
/** A reply that waits for repair leaves so long before the deadline at the latest. */
const answerMarginMs = 250
/** Of the time that the client gave, at most. */
const answerMargin = 0.2
const getBytes = 4096
