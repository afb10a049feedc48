/**
 * The question before a second send: did the first one take effect? The coordinator knows what it
 * holds; a first try that W owners have on disk is known to one of any N - W + 1. So that many
 * owners which lack nothing are asked what they hold of the key, this node counted where it is
 * one; the first that knows the operation ends it. Whoever cannot be reached is not waited for,
 * and nobody for longer than a part of the time that is left.
 */
import { mutant, sometimes } from '#mutants'
import { appliedOp } from '../causality/siblings.ts'
import type { Instant, NodeId, RequestId } from '../ids.ts'
import type { PutRequest, ReadCopy } from '../message.ts'
import type { Copy, Objects } from '../objects.ts'
import type { Placement } from '../placement.ts'
import type { Coordination, PeerAnswer } from '../requests.ts'
import type { Effect, Env } from '../step.ts'
import { nothingHeld } from './get.ts'
import { heldOf } from './get-subject.ts'
import { deadlineOf } from './longest-deadline.ts'
import type { Stored } from './put-coordination.ts'

/** What owners hold of the key, and whether so many told it that none can be missed. */
export type Told = { readonly shown: readonly Copy[]; readonly enough: boolean }
export const toldNothing: Told = { shown: [], enough: false }

type Parts = {
  readonly env: Env
  readonly placement: Placement
  readonly objects: Objects<Stored>
  /** So many bytes more are held for whoever sent it, or less. */
  readonly hold: (bytes: number) => void
}
type Then = (told: Told, now: Instant, out: Effect[]) => void

export class SecondSend implements Coordination {
  readonly #parts: Parts
  readonly #request: PutRequest
  readonly #then: Then
  readonly #waiting = new Set<NodeId>()
  readonly #shown: Copy[] = []
  readonly #until: Instant
  /** Owners that must still be heard. */
  #missing: number
  #over = false
  #held = 0

  constructor(parts: Parts, request: PutRequest, now: Instant, then: Then) {
    const { placement, objects } = parts
    const { replicas, writeQuorum } = placement.settings
    const token = placement.tokenOf(request.key)
    const counts = placement.owns(token) && objects.wholeness.isWhole(token)
    this.#parts = parts
    this.#request = request
    this.#then = then
    this.#missing = replicas - writeQuorum + 1 - (counts ? 1 : 0)
    this.#until = deadlineOf(now, request.timeLeft * patience)
  }

  /**
   * Asks every owner that can be reached: the first ones to answer are enough. `bytes`: of the
   * request, if nobody else counts them.
   */
  begin(id: RequestId, bytes: number, now: Instant, out: Effect[]): void {
    this.#hold(bytes)
    const { placement } = this.#parts
    const { key, timeLeft } = this.#request
    const token = placement.tokenOf(key)
    const { epoch, self } = placement
    const question: ReadCopy = { type: 'read', id, epoch, timeLeft, key, token, full: true }
    for (const to of placement.primaries(token)) {
      if (to === self || !placement.reachable(to)) continue
      this.#waiting.add(to)
      out.push({ type: 'send', to, message: question })
    }
    this.#endIfDone(now, out)
  }

  answered(from: NodeId, answer: PeerAnswer, now: Instant, out: Effect[]): void {
    if (answer.type !== 'held' || !this.#waiting.delete(from)) return
    const held = answer.refused === undefined ? heldOf(this.#parts.env, answer) : undefined
    if (held?.whole) this.#missing -= 1
    if (held?.siblings !== undefined && held.digest !== nothingHeld) {
      const { siblings, generation } = held
      const object = answer.object as Uint8Array
      const time = siblings.versions.reduce((latest, { at }) => Math.max(latest, at), 0)
      this.#hold(object.length)
      this.#shown.push({ object, siblings, time, generation })
    }
    this.#endIfDone(now, out)
  }

  lost(node: NodeId, now: Instant, out: Effect[]): void {
    if (this.#waiting.delete(node)) this.#endIfDone(now, out)
  }

  tick(now: Instant, out: Effect[]): void {
    if (now >= this.#until) this.#end(now, out)
  }

  over(): boolean {
    return this.#over
  }

  #hold(bytes: number): void {
    this.#held += bytes
    this.#parts.hold(bytes)
  }

  #endIfDone(now: Instant, out: Effect[]): void {
    const { op } = this.#request
    const isKnown = this.#shown.some(({ siblings }) => appliedOp(siblings, op) !== undefined)
    if (isKnown || this.#missing <= 0 || this.#waiting.size === 0) this.#end(now, out)
  }

  #end(now: Instant, out: Effect[]): void {
    if (this.#over) return
    this.#over = true
    if (!mutant(677)) this.#hold(-this.#held)
    const enough = this.#missing <= 0
    if (!enough) sometimes('a second send finds too few owners to ask')
    this.#then({ shown: this.#shown, enough }, now, out)
  }
}

/** Of the time that is left, for answers: less than a client waits before it asks another node. */
const patience = 1 / 6
