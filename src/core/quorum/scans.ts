/** Coordinates pages of keys: every reachable member lists what it owns (`scan.ts`). */
import { after, type Instant, type NodeId, type RequestId } from '../ids.ts'
import type { Listing } from '../listing.ts'
import type { ScanRequest } from '../message.ts'
import { nothingDone } from '../outcome.ts'
import type { Placement } from '../placement.ts'
import type { Coordination, PeerAnswer, Requests } from '../requests.ts'
import type { Effect } from '../step.ts'
import { type ClientOrigin, failed, replyTo } from './origin.ts'
import { type ScanStep, ScanTally } from './scan.ts'

export class Scans {
  readonly #placement: Placement
  readonly #listing: Listing
  readonly #requests: Requests

  constructor(placement: Placement, listing: Listing, requests: Requests) {
    this.#placement = placement
    this.#listing = listing
    this.#requests = requests
  }

  begin(origin: ClientOrigin, request: ScanRequest, now: Instant, out: Effect[]): void {
    const { self, settings, ring, epoch } = this.#placement
    const asked = [self, ...this.#placement.peers]
    if (!this.#requests.room) {
      const message = 'this node coordinates as much as it can'
      const outcome = nothingDone(settings.readQuorum)
      return void out.push(replyTo(origin, failed(origin, { code: 'BUSY', message, outcome })))
    }
    const id = this.#requests.newId()
    const { after: from, prefix, timeLeft } = request
    const limit = Math.min(Math.max(1, request.limit), pageKeysMax)
    const deadline = after(now, timeLeft * answerShare)
    const tally = new ScanTally(asked, { after: from, limit }, ring, settings.readQuorum, deadline)
    const scan = new ScanCoordination(origin, tally)
    this.#requests.add(id, scan)
    const message = { type: 'list', id, epoch, timeLeft, after: from, prefix, limit } as const
    for (const to of this.#placement.peers) out.push({ type: 'send', to, message })
    scan.listed(self, this.#listing.list(id, from, prefix, limit), out)
    this.#requests.forgetIfOver(id, now)
  }
}

class ScanCoordination implements Coordination {
  readonly #origin: ClientOrigin
  readonly #tally: ScanTally
  #settled = false

  constructor(origin: ClientOrigin, tally: ScanTally) {
    this.#origin = origin
    this.#tally = tally
  }

  listed(by: NodeId, list: Extract<PeerAnswer, { type: 'listed' }>, out: Effect[]): void {
    this.#go(list.refused === undefined ? this.#tally.listed(by, list) : this.#tally.lost(by), out)
  }

  answered(from: NodeId, answer: PeerAnswer, _now: Instant, out: Effect[]): void {
    if (answer.type === 'listed') this.listed(from, answer, out)
  }

  lost(node: NodeId, _now: Instant, out: Effect[]): void {
    this.#go(this.#tally.lost(node), out)
  }

  tick(now: Instant, out: Effect[]): void {
    this.#go(this.#tally.tick(now), out)
  }

  over(): boolean {
    return this.#settled
  }

  #go(step: ScanStep, out: Effect[]): void {
    if (step === undefined) return
    this.#settled = true
    const id: RequestId = this.#origin.id
    out.push(
      step.type === 'failed'
        ? replyTo(this.#origin, failed(this.#origin, step.failure))
        : replyTo(this.#origin, { type: 'page', id, keys: step.keys, cursor: step.cursor }),
    )
  }
}

/** Keys of one page, and so of one message. */
const pageKeysMax = 1000
/** The share of a request's time that members have to list; the rest is for the way back. */
const answerShare = 0.7
