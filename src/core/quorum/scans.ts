/**
 * Coordinates pages of keys (`scan.ts`): a page is about as many partitions as hold what one step
 * looks at, and only their owners are asked.
 */
import type { Instant, NodeId, Partition, RequestId } from '../ids.ts'
import { type Listing, partitionAt, rowsMax } from '../listing.ts'
import type { ScanRequest } from '../listing-message.ts'
import { nothingDone } from '../outcome.ts'
import type { Placement } from '../placement.ts'
import type { Coordination, PeerAnswer, Requests } from '../requests.ts'
import type { Effect } from '../step.ts'
import { deadlineOf } from './longest-deadline.ts'
import { type ClientOrigin, failed, replyTo } from './origin.ts'
import { type ScanPage, type ScanStep, ScanTally } from './scan.ts'

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
    const { self, settings, epoch } = this.#placement
    const { readQuorum: needed } = settings
    if (!this.#requests.room) {
      const message = 'this node coordinates as much as it can'
      const outcome = nothingDone(needed)
      return void out.push(replyTo(origin, failed(origin, { code: 'BUSY', message, outcome })))
    }
    const id = this.#requests.newId()
    const page = this.#pageOf(request)
    const asked = this.#ownersIn(page)
    const deadline = deadlineOf(now, request.timeLeft * answerShare)
    // Nobody to ask: it ends at once.
    const until = asked.length === 0 ? now : deadline
    const terms = { ring: this.#placement.ring, needed, deadline: until }
    const tally = new ScanTally(asked, page, terms)
    const scan = new ScanCoordination(origin, tally)
    this.#requests.add(id, scan)
    const { prefix, timeLeft } = request
    const wish = { id, after: page.after, last: page.last, prefix, limit: page.limit }
    for (const to of asked) {
      if (to === self) continue
      out.push({ type: 'send', to, message: { type: 'list', epoch, timeLeft, ...wish } })
    }
    if (asked.includes(self)) scan.listed(self, this.#listing.list(wish), out)
    else scan.tick(now, out)
    this.#requests.forgetIfOver(id, now)
  }

  #pageOf(request: ScanRequest): ScanPage {
    const { partitions } = this.#placement.settings
    const limit = Math.min(Math.max(1, request.limit), pageKeysMax)
    const span = Math.max(1, Math.floor(rowsMax / Math.max(1, this.#listing.rowsEach)))
    const first = partitionAt(request.after, partitions)
    const last = Math.min(partitions, first + span) - 1
    return { after: request.after, last: last as Partition, limit, partial: request.partial }
  }

  /** Those that can be reached. */
  #ownersIn({ after: from, last }: ScanPage): readonly NodeId[] {
    const { ring } = this.#placement
    const owners = new Set<NodeId>()
    for (let partition = partitionAt(from, ring.partitions); partition <= last; partition++) {
      for (const node of ring.lists[partition] ?? []) owners.add(node)
    }
    return [...owners].filter(node => this.#placement.reachable(node))
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
        : replyTo(this.#origin, { ...step, type: 'page', id }),
    )
  }
}

/** Keys of one page, and so of one message. */
const pageKeysMax = 1000
/** The share of a request's time that members have to list; the rest is for the way back. */
const answerShare = 0.7
