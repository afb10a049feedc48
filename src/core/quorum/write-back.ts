/**
 * The sending half of read repair: fetches what only one replica may hold, and writes what was
 * found to the primaries that lack it, this node's own row among them. What is decided is in
 * `read-repair.ts`.
 */
import { mutant, sometimes } from '#mutants'
import { encodeObject } from '../causality/object.ts'
import type { Siblings } from '../causality/siblings.ts'
import type { Generation, Instant, NodeId } from '../ids.ts'
import type { StoreCopy } from '../message.ts'
import type { Copy } from '../objects.ts'
import type { Code } from '../outcome.ts'
import { hasRoomFor } from '../room-for.ts'
import type { Effect } from '../step.ts'
import { type GetTally, type HeldAnswer, nothingHeld } from './get.ts'
import { type GetParts, type GetSubject, readOf } from './get-subject.ts'
import type { ReadRepair } from './read-repair.ts'

export class WriteBack {
  readonly tally: ReadRepair
  readonly #parts: GetParts
  readonly #subject: GetSubject
  readonly #get: GetTally

  constructor(parts: GetParts, subject: GetSubject, get: GetTally, tally: ReadRepair) {
    this.tally = tally
    this.#parts = parts
    this.#subject = subject
    this.#get = get
  }

  /** With all that was heard so far. */
  begin(now: Instant, out: Effect[]): void {
    for (const { by, answer } of this.#get.answers) {
      const fetch = this.tally.heard(by, answer, this.#get.holds(answer.digest))
      if (fetch && !this.#get.fetches(by)) this.#fetch(by, now, out)
    }
    this.#write(now, out)
  }

  /** A late answer, or an object that was fetched. */
  heard(by: NodeId, held: HeldAnswer, now: Instant, out: Effect[]): void {
    if (this.tally.heard(by, held, this.#get.holds(held.digest))) this.#fetch(by, now, out)
    this.#write(now, out)
  }

  /** A copy is durable; where more was found meanwhile, that follows. */
  stored(by: NodeId, now: Instant, out: Effect[]): void {
    if (!this.tally.stored(by)) return
    this.#subject.explanation?.note(now, by, 'repaired')
    this.#write(now, out)
  }

  #fetch(from: NodeId, now: Instant, out: Effect[]): void {
    this.#subject.explanation?.note(now, from, 'asked-full')
    out.push(readOf(this.#parts, this.#subject, from, true, now))
  }

  /** What was found, to the primaries that lack some of it: this node or others. */
  #write(now: Instant, out: Effect[]): void {
    const due = this.tally.due()
    if (due.length === 0) return
    sometimes('a read repairs')
    const { placement } = this.#parts
    const siblings = this.tally.merged
    if (siblings.versions.length > 1) sometimes('a read repairs with siblings')
    const copy = { object: encodeObject(siblings), siblings, ...this.#stamp(siblings) }
    this.#parts.counts.repairs += due.length
    for (const to of due) {
      this.#subject.explanation?.note(now, to, 'repair')
      if (to !== placement.self) this.#send(to, copy, now, out)
      else this.#keep(copy, now, out)
    }
  }

  /** What it holds of the key may have been deleted and reaped while the read waited. */
  #keep(copy: Copy, now: Instant, out: Effect[]): void {
    const { placement, objects } = this.#parts
    const { id, token, request } = this.#subject
    const { self } = placement
    const generation = mutant(600) ? objects.generations.stampOf(token) : copy.generation
    const given = { ...copy, generation }
    const incoming = { token, key: request.key, object: copy.object }
    if (!hasRoomFor(objects, 'repair', incoming, copy.siblings))
      return this.#refused('STORE_FULL', now)
    const taken = objects.merge(token, request.key, given, { type: 'own', id })
    if (taken === 'held') this.stored(self, now, out)
    if (taken !== 'refused') return
    sometimes('a read repair is too old for its own row')
    this.#refused('BELOW_FLOOR', now)
  }

  /** This node cannot take it. */
  #refused(code: Code, now: Instant): void {
    const { self } = this.#parts.placement
    this.#subject.explanation?.note(now, self, 'refused', code)
    this.tally.lost(self)
  }

  #send(to: NodeId, { object, generation, time }: Copy, now: Instant, out: Effect[]): void {
    const { id, token, request, deadline } = this.#subject
    const message: StoreCopy = {
      type: 'store',
      id,
      epoch: this.#parts.placement.epoch,
      timeLeft: Math.max(1, deadline - now),
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
    for (const { answer } of this.#get.answers) {
      if (answer.digest === nothingHeld) continue
      generation = Math.min(generation ?? answer.generation, answer.generation)
    }
    let time = 0
    for (const version of versions) time = Math.max(time, version.at)
    return { generation: generation ?? 0, time }
  }
}
