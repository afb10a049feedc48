/**
 * Puts that this node does not own: handed to a reachable node of the preference list, and to
 * the next one where the first is lost, refuses for its own reasons, or takes too long; then to
 * the fallbacks, this node among them. Each further send says that it is not the first; the
 * operation id keeps it from counting twice.
 */
import { sometimes } from '#mutants'
import { after, type Instant, type NodeId, type RequestId, type Token } from '../ids.ts'
import type { PutRequest } from '../message.ts'
import { type Failure, nothingDone } from '../outcome.ts'
import type { Placement } from '../placement.ts'
import type { Coordination, PeerAnswer, Requests } from '../requests.ts'
import type { Effect } from '../step.ts'
import { longestDeadlineMs } from './longest-deadline.ts'
import { answerPut, failed, type Origin } from './origin.ts'

export class Forwards {
  readonly #placement: Placement
  readonly #requests: Requests

  readonly #coordinate: Coordinate

  /** `coordinate`: this node stands in for an owner, and coordinates the put itself. */
  constructor(placement: Placement, requests: Requests, coordinate: Coordinate) {
    this.#placement = placement
    this.#requests = requests
    this.#coordinate = coordinate
  }

  begin(origin: Origin, request: PutRequest, now: Instant, out: Effect[]): void {
    const needed = request.w ?? this.#placement.settings.writeQuorum
    const outcome = nothingDone(needed, request.op)
    const targets = this.#targets(this.#placement.tokenOf(request.key))
    if (targets[0] === this.#placement.self) return this.#coordinate(origin, request, now, out)
    if (targets.length === 0 || !this.#requests.room) {
      const code = targets.length === 0 ? 'QUORUM' : 'BUSY'
      const message =
        targets.length === 0 ? 'no replica of the key can be reached' : 'this node is busy'
      return void out.push(answerPut(origin, failed(origin, { code, message, outcome })))
    }
    const id = this.#requests.newId()
    // Its coordinator takes the longest deadline at most; the rest is for the way back.
    const timeLeft = Math.min(request.timeLeft, 2 * longestDeadlineMs)
    const terms = { id, deadline: after(now, timeLeft), outcome }
    const forward = new ForwardCoordination(
      { placement: this.#placement, coordinate: this.#coordinate },
      origin,
      request,
      targets,
      terms,
    )
    this.#requests.add(id, forward)
    forward.sendNext(now, out)
  }

  /** Primaries that can be reached, then fallbacks, this node first among them. */
  #targets(token: Token): readonly NodeId[] {
    const { self } = this.#placement
    const isThere = (node: NodeId) => this.#placement.reachable(node)
    const fallbacks = this.#placement.fallbacks(token).filter(isThere)
    const others = fallbacks.filter(node => node !== self)
    return [
      ...this.#placement.primaries(token).filter(isThere),
      ...(fallbacks.length > others.length ? [self, ...others] : others),
    ]
  }
}

type Coordinate = (origin: Origin, request: PutRequest, now: Instant, out: Effect[]) => void

type Terms = {
  readonly id: RequestId
  readonly deadline: Instant
  readonly outcome: Failure['outcome']
}

type Parts = { readonly placement: Placement; readonly coordinate: Coordinate }

class ForwardCoordination implements Coordination {
  readonly #parts: Parts
  readonly #origin: Origin
  readonly #request: PutRequest
  readonly #terms: Terms
  readonly #left: NodeId[]
  readonly #tried = new Set<NodeId>()
  /** True once a try that ended may have taken effect. */
  #inDoubt: boolean
  #current: NodeId | undefined
  #tryEnds: Instant
  #settled = false

  constructor(
    parts: Parts,
    origin: Origin,
    request: PutRequest,
    targets: readonly NodeId[],
    terms: Terms,
  ) {
    this.#parts = parts
    this.#origin = origin
    this.#request = request
    this.#inDoubt = request.again
    this.#left = [...targets]
    this.#terms = terms
    this.#tryEnds = terms.deadline
  }

  sendNext(now: Instant, out: Effect[]): void {
    const { placement } = this.#parts
    // One that went away meanwhile is not waited for, unless there is nobody else.
    while (this.#left.length > 1 && !placement.reachable(this.#left[0] as NodeId)) {
      this.#left.shift()
    }
    const to = this.#left.shift()
    const { deadline, id } = this.#terms
    this.#current = to
    if (to === undefined) return
    const timeLeft = Math.max(1, deadline - now)
    this.#tryEnds = after(now, timeLeft / (this.#left.length + 1))
    this.#tried.add(to)
    const { epoch, self } = placement
    const request = { ...this.#request, again: this.#inDoubt, timeLeft }
    if (to === self) {
      sometimes('a forwarder stands in itself')
      this.#settled = true
      return this.#parts.coordinate(this.#origin, request, now, out)
    }
    out.push({ type: 'send', to, message: { type: 'forward', id, epoch, timeLeft, request } })
  }

  answered(from: NodeId, answer: PeerAnswer, now: Instant, out: Effect[]): void {
    if (answer.type !== 'forwarded' || this.#settled || !this.#tried.has(from)) return
    const { reply } = answer
    if (reply.type === 'failed') {
      if (from !== this.#current) return
      this.#inDoubt ||= !reply.failure.outcome.definite
      if (ofThatNodeAlone.has(reply.failure.code) && this.#left.length > 0) {
        sometimes('a forward moves on after a refusal')
        return this.sendNext(now, out)
      }
      const outcome = { ...reply.failure.outcome, definite: !this.#inDoubt }
      return this.#fail({ ...reply.failure, outcome }, out)
    }
    this.#settled = true
    out.push(answerPut(this.#origin, { ...reply, id: this.#origin.id }))
  }

  lost(node: NodeId, now: Instant, out: Effect[]): void {
    if (this.#settled || node !== this.#current) return
    this.#inDoubt = true
    if (this.#left.length > 0) {
      sometimes('a forward moves on after a loss')
      return this.sendNext(now, out)
    }
    this.#giveUp('QUORUM', 'the connection to the replica was lost', out)
  }

  tick(now: Instant, out: Effect[]): void {
    if (this.#settled) return
    if (now >= this.#terms.deadline) return this.#giveUp('TIMEOUT', 'no replica answered', out)
    if (now < this.#tryEnds || this.#left.length === 0) return
    sometimes('a forward moves on for want of an answer')
    this.#inDoubt = true
    this.sendNext(now, out)
  }

  over(): boolean {
    return this.#settled
  }

  #giveUp(code: 'QUORUM' | 'TIMEOUT', why: string, out: Effect[]): void {
    const message = why
    this.#fail({ code, message, outcome: { ...this.#terms.outcome, definite: false } }, out)
  }

  #fail(failure: Failure, out: Effect[]): void {
    this.#settled = true
    out.push(answerPut(this.#origin, failed(this.#origin, failure)))
  }
}

/** Failures that another node of the list need not share. */
const ofThatNodeAlone: ReadonlySet<string> = new Set([
  'BUSY',
  'STORE_FULL',
  'QUORUM',
  'STALE_VIEW',
  'OP_AHEAD',
])
