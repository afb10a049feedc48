/**
 * Takes one pass to its end with one member: one question or one batch of copies at a time, at
 * a pace that the other side's foreground sets. Continuous exchange and the operator's repair
 * both compare through this.
 */
import { Batch, type BatchEnd } from '../handoff/batch.ts'
import type { Pace } from '../handoff/pace.ts'
import { after, type Instant, type NodeId, type RequestId } from '../ids.ts'
import type { Requests } from '../requests.ts'
import type { Effect } from '../step.ts'
import { shortEpoch } from './clocks.ts'
import type { ExchangeState, PassAnswer, PassQuestion } from './exchange-message.ts'
import type { Pass } from './pass.ts'
import { type ExchangeParts, isAnswered } from './responder.ts'

export type DriverParts = ExchangeParts & {
  readonly requests: Requests
  /** Bytes that wait for the disk of this node. */
  readonly pendingBytes: () => number
}

/** ended: nothing is left to ask. late: it took too long, or is in vain. failed: it was not answered well. */
export type PassEnd = 'ended' | 'late' | 'failed'

export type Drive = {
  readonly node: NodeId
  readonly pass: Pass
  readonly pace: Pace
  /** Numbers of questions, not used before. */
  readonly nextId: () => RequestId
  /** Given up then; undefined: never. */
  readonly until: Instant | undefined
  readonly ended: (end: PassEnd, now: Instant, out: Effect[]) => void
}

export class PassDriver {
  readonly #parts: DriverParts
  readonly #drive: Drive
  #asked: { readonly id: RequestId; readonly at: Instant } | undefined
  #handing = false
  #over = false
  /** Of comparisons, without the objects; roughly. */
  bytes = 0
  /** Did the other side ever answer? */
  heard = false
  /** How the other side was when it answered last; undefined: it was asked since. */
  state: ExchangeState | undefined

  constructor(parts: DriverParts, drive: Drive) {
    this.#parts = parts
    this.#drive = drive
  }

  get pass(): Pass {
    return this.#drive.pass
  }

  /** The other side was whole in all that is shared when it answered last. */
  get whole(): boolean {
    return this.state === 'ok'
  }

  /** Is this the number of what was asked? */
  waitsFor(id: RequestId): boolean {
    return this.#asked?.id === id
  }

  /** Asks what is next, unless something is under way or it is not time. */
  go(now: Instant, out: Effect[]): void {
    const { pass, pace, until } = this.#drive
    if (this.#over || this.#handing) return
    if (this.#asked !== undefined) {
      if (now > this.#asked.at + answerMsMax) this.fail(now, out)
      return
    }
    // A repair of an operator goes on: it says of each key that it was refused.
    if (until !== undefined && (now > until || pass.isInVain)) return this.#end('late', now, out)
    if (now < pace.nextAt || this.#parts.pendingBytes() > pendingBytesMax) return
    if (!this.#hand(now, out)) this.#ask(now, out)
  }

  answered(answer: PassAnswer, now: Instant, out: Effect[]): void {
    const { pass, pace } = this.#drive
    const took = now - (this.#asked?.at ?? now)
    this.#asked = undefined
    this.bytes += bytesOf(answer)
    this.state = answer.state
    if (!isAnswered(answer.state)) return this.fail(now, out)
    const isGood = answer.type === 'compared' ? pass.compared(answer, now) : pass.differing(answer)
    if (!isGood) return this.fail(now, out)
    this.heard = true
    pace.acknowledged(now, took, answer.foreground, false)
    this.go(now, out)
  }

  /** It will not be answered any more. */
  fail(now: Instant, out: Effect[]): void {
    this.#end('failed', now, out)
  }

  /** Nobody wants it any more: what comes is not heard. */
  stop(): void {
    this.#over = true
    this.#asked = undefined
  }

  #ask(now: Instant, out: Effect[]): void {
    const { node, pass, pace, nextId } = this.#drive
    const epoch = shortEpoch(this.#parts.placement.epoch)
    const message = pass.next(nextId(), epoch, Math.floor(pace.size), now)
    if (message === undefined) return this.#end('ended', now, out)
    this.#asked = { id: message.id, at: now }
    this.state = undefined
    this.bytes += bytesOf(message)
    out.push({ type: 'send', to: node, message })
  }

  /** Sends what the other side asked for; false where there is nothing of it. */
  #hand(now: Instant, out: Effect[]): boolean {
    const { placement, requests } = this.#parts
    const { node, pass, pace } = this.#drive
    if (!requests.room) return false
    const copies = pass.owed(Math.floor(pace.size), handedBytesMax)
    if (copies.length === 0) return false
    const id = requests.newId()
    this.#handing = true
    const ended = (end: BatchEnd | undefined, at: Instant, effects: Effect[]) => {
      this.#handing = false
      // What was refused alone differs still: a later comparison finds it.
      if (end !== undefined) pass.handed(copies, end.left)
      if (this.#over) return
      if (end === undefined) return this.fail(at, effects)
      pace.acknowledged(at, at - now, end.foreground, false)
      this.go(at, effects)
    }
    requests.add(id, new Batch(node, after(now, answerMsMax), ended))
    const { epoch } = placement
    const message = { type: 'handoff', id, epoch, timeLeft: answerMsMax, copies } as const
    out.push({ type: 'send', to: node, message })
    return true
  }

  #end(end: PassEnd, now: Instant, out: Effect[]): void {
    if (this.#over) return
    this.#over = true
    this.#asked = undefined
    this.#drive.ended(end, now, out)
  }
}

function bytesOf(message: PassQuestion | PassAnswer): number {
  switch (message.type) {
    case 'compare':
    case 'sketch':
      return messageBytes + message.nodes.length
    case 'compared':
      return messageBytes + message.entries.length
    case 'differ': {
      const held = message.held.map(({ key, known }) => 4 + key.length + known.length)
      return held.reduce((sum, bytes) => sum + bytes, messageBytes + message.wanted.length)
    }
    case 'differing':
      return messageBytes + message.wants.length
  }
}

const messageBytes = 32
const answerMsMax = 5000
const handedBytesMax = 512 * 1024
const pendingBytesMax = 16 * 1024 * 1024
