/**
 * Hinted handoff (Dynamo §4.6, design §6.2): hints go back to their owner once it can be
 * reached, in the order of tokens, one batch under way for each owner and several owners at
 * once. A hint is deleted only when the owner has all of it durably, and only as it was sent
 * (protocols 12). Who owns the key now gets it: where owners changed, the hint changes its owner.
 */
import { mutant, sometimes } from '#mutants'
import type { Carrier } from '../carrier.ts'
import { counterMax } from '../causality/version-vector.ts'
import type { HintsReply } from '../handoff/hints-message.ts'
import { after, type Instant, type NodeId, type RequestId } from '../ids.ts'
import type { HandedCopy } from '../message.ts'
import type { Objects } from '../objects.ts'
import type { Placement } from '../placement.ts'
import type { Stored } from '../quorum/put-coordination.ts'
import type { Requests } from '../requests.ts'
import type { Effect } from '../step.ts'
import { Batch, type BatchEnd } from './batch.ts'
import { Gathering, type SentHint } from './gather.ts'
import { Pace } from './pace.ts'
import { Rehoming } from './rehoming.ts'

/** Where the handing over to one owner is. */
type Progress = {
  readonly pace: Pace
  readonly gathering: Gathering<Stored>
  underWay: boolean
  /** An operator wants it done: no pauses. */
  hurried: boolean
  handed: number
  /** It was said that its hints are old. */
  alarmed: boolean
}

export class Handoff {
  readonly #placement: Placement
  readonly #objects: Objects<Stored>
  readonly #requests: Requests
  readonly #rehoming: Rehoming<Stored>
  readonly #carrier: Carrier
  readonly #progress = new Map<NodeId, Progress>()
  #tellAt = 0 as Instant

  constructor(
    placement: Placement,
    objects: Objects<Stored>,
    requests: Requests,
    carrier: Carrier,
  ) {
    this.#carrier = carrier
    this.#placement = placement
    this.#objects = objects
    this.#requests = requests
    this.#rehoming = new Rehoming(placement, objects)
  }

  tick(now: Instant, out: Effect[]): void {
    this.#rehoming.tick(out)
    this.#tellRefused(now, out)
    this.#resetEmpty()
    for (const owner of [...this.#objects.hints.counts.keys()]) {
      this.#go(owner, now, out)
      this.#watchAge(owner, out)
    }
  }

  /** All hints of an owner may have gone elsewhere: nothing of it is kept in mind. */
  #resetEmpty(): void {
    const { counts } = this.#objects.hints
    for (const [owner, progress] of this.#progress) {
      if (counts.has(owner)) continue
      progress.hurried = false
      progress.gathering.reset()
    }
  }

  /** Hints for which there was no room: their keys wait for reads and the exchange. */
  #tellRefused(now: Instant, out: Effect[]): void {
    if (now < this.#tellAt) return
    const refused = this.#objects.hints.takeRefused()
    if (refused === 0) return
    this.#tellAt = after(now, tellAgainMs)
    const { bytes, bytesMax } = this.#objects.hints
    const detail = { refused, bytes, bytesMax }
    out.push({ type: 'note', note: { level: 'warn', event: 'hints-full', detail } })
  }

  /** An owner that is away for so long may never come back: somebody should know, once. */
  #watchAge(owner: NodeId, out: Effect[]): void {
    const progress = this.#progressOf(owner)
    const old = this.#objects.hints.ageOf(owner) > hintAgeMsMax
    if (old && !progress.alarmed) {
      const hints = this.#objects.hints.counts.get(owner)?.hints ?? 0
      out.push({
        type: 'note',
        note: { level: 'warn', event: 'hints-old', detail: { owner, hints } },
      })
    }
    progress.alarmed = old
  }

  /** Hands over what is for this owner without pauses, until nothing is left. */
  drain(owner: NodeId, now: Instant, out: Effect[]): void {
    if (!this.#objects.hints.counts.has(owner)) return
    const progress = this.#progressOf(owner)
    progress.hurried = true
    progress.pace.nextAt = now
    this.#go(owner, now, out)
  }

  /** What is held for whom, for people. */
  reply(id: RequestId): HintsReply {
    const { hints } = this.#objects
    const known = new Set([...hints.counts.keys(), ...this.#progress.keys()])
    const owners = [...known].map(owner => {
      const { hints: held, bytes, since } = hints.counts.get(owner) ?? noHints
      return { owner, hints: held, bytes, since, handed: this.#progress.get(owner)?.handed ?? 0 }
    })
    const bytesMax = Math.min(hints.bytesMax, counterMax)
    return { type: 'hints-are', id, node: this.#placement.self, owners, bytesMax }
  }

  #go(owner: NodeId, now: Instant, out: Effect[]): void {
    const progress = this.#progressOf(owner)
    if (progress.underWay || now < progress.pace.nextAt) return
    if (owner !== this.#placement.self && !this.#placement.reachable(owner)) return
    if (!this.#requests.room) return
    const batch = progress.gathering.next(progress.pace.size, now, out)
    if (batch.sent.length === 0) {
      if (batch.waiting) progress.pace.nextAt = after(now, waitingMs)
      return
    }
    const id = this.#requests.newId()
    progress.underWay = true
    const ended = (end: BatchEnd | undefined, at: Instant, effects: Effect[]) => {
      progress.underWay = false
      if (end === undefined) return progress.pace.failed(at)
      const left = new Set(end.left)
      const { gathering } = progress
      gathering.refused(
        batch.sent.filter((_, i) => left.has(i)),
        at,
      )
      const taken = batch.sent.filter((_, i) => !left.has(i))
      this.#delivered(owner, progress, taken)
      // An owner that takes nothing, or refuses more than can be kept in mind, is let be for a while.
      if (taken.length === 0 || gathering.fullOfWaits(at)) return progress.pace.failed(at)
      progress.pace.acknowledged(at, at - now, end.foreground, progress.hurried)
      this.#go(owner, at, effects)
    }
    this.#requests.add(id, new Batch(owner, after(now, batchMsMax), ended))
    this.#send(owner, id, batch.copies, out)
    if (mutant(14)) for (const { row, bytes } of batch.sent) this.#objects.hints.remove(row, bytes)
  }

  #send(owner: NodeId, id: RequestId, copies: readonly HandedCopy[], out: Effect[]): void {
    const { epoch } = this.#placement
    const message = { type: 'handoff', id, epoch, timeLeft: batchMsMax, copies } as const
    out.push({ type: 'send', to: owner, message })
  }

  #delivered(owner: NodeId, progress: Progress, sent: readonly SentHint[]): void {
    for (const { row, bytes } of sent) this.#objects.hints.remove(row, bytes)
    progress.handed += sent.length
    if (this.#objects.hints.counts.has(owner)) return
    progress.hurried = false
    progress.gathering.reset()
    sometimes('all hints of an owner are handed over')
  }

  #progressOf(owner: NodeId): Progress {
    const known = this.#progress.get(owner)
    if (known !== undefined) return known
    const fresh: Progress = {
      pace: new Pace(),
      gathering: this.#gatheringFor(owner),
      underWay: false,
      hurried: false,
      handed: 0,
      alarmed: false,
    }
    this.#progress.set(owner, fresh)
    return fresh
  }

  #gatheringFor(owner: NodeId): Gathering<Stored> {
    const { hints } = this.#objects
    return new Gathering({ hints, rehoming: this.#rehoming, carrier: this.#carrier }, owner)
  }
}

const noHints = { hints: 0, bytes: 0, since: 0 }
/** How often it is said that there was no room. */
const tellAgainMs = 60_000
/** A hint that is older raises an alarm. */
const hintAgeMsMax = 60 * 60 * 1000
/** How long an owner may take for a batch. */
const batchMsMax = 5000
/** If all that is left waits by itself. */
const waitingMs = 500
