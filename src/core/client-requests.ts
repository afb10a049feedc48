/**
 * What clients ask of a node, and puts that another node forwards: refused while nothing was done,
 * or given to the machine that coordinates it.
 */

import type { Foreground } from './handoff/foreground.ts'
import type { Instant, WallTime } from './ids.ts'
import type { ToldBeliefs } from './membership/beliefs.ts'
import type { Directory } from './membership/directory.ts'
import type { Membership } from './membership/membership.ts'
import type { ClientRequest, GossipReply, PutRequest, ViewReply } from './message.ts'
import type { Operator } from './operator.ts'
import { nothingDone } from './outcome.ts'
import type { Placement } from './placement.ts'
import type { Forwards } from './quorum/forwards.ts'
import type { Gets } from './quorum/gets.ts'
import type { Inspections } from './quorum/inspections.ts'
import { answerPut, type ClientOrigin, failed, type Origin, replyTo } from './quorum/origin.ts'
import type { Puts } from './quorum/puts.ts'
import type { Scans } from './quorum/scans.ts'
import type { Room } from './room.ts'
import type { Effect } from './step.ts'

type Parts = {
  readonly placement: Placement
  readonly room: Room
  readonly foreground: Foreground
  readonly puts: Puts
  readonly gets: Gets
  readonly forwards: Forwards
  readonly scans: Scans
  readonly inspections: Inspections
  readonly operator: Operator
  readonly membership: Membership
  readonly directory: Directory
  readonly beliefs: (now: Instant) => ToldBeliefs
}

export class ClientRequests {
  readonly #parts: Parts
  #wall: WallTime = 0

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** The wall clock, for people. */
  observe(wall: WallTime): void {
    this.#wall = wall
  }

  take(origin: Origin, request: ClientRequest, now: Instant, out: Effect[]): void {
    if (request.type === 'put') return this.#put(origin, request, now, out)
    if (origin.type === 'peer') return
    const { operator, gets, scans, inspections, foreground } = this.#parts
    switch (request.type) {
      case 'hints':
      case 'exchange':
      case 'repair':
      case 'count':
      case 'wholeness':
        return void out.push(replyTo(origin, operator.asked(request, now, out)))
      case 'view':
        return void out.push(replyTo(origin, this.#view(origin)))
      case 'gossip':
        return void out.push(replyTo(origin, this.#gossip(origin, now)))
      case 'status':
      case 'faults':
        // The host answers: what it says is about the process, not about the protocol.
        return
      case 'get':
        foreground.count(now)
        if (this.#admits(origin, request, out)) gets.begin(origin, request, now, out)
        return
      case 'scan':
        if (this.#admits(origin, request, out)) scans.begin(origin, request, now, out)
        return
      case 'inspect':
        if (this.#admits(origin, request, out)) inspections.begin(origin, request, now, out)
    }
  }

  #put(origin: Origin, request: PutRequest, now: Instant, out: Effect[]): void {
    if (!this.#admits(origin, request, out)) return
    const { placement, room, foreground, puts, forwards } = this.#parts
    if (room.behind) {
      const message = 'the disk of this node does not keep up'
      const outcome = nothingDone(0, request.op)
      return void out.push(answerPut(origin, failed(origin, { code: 'BUSY', message, outcome })))
    }
    foreground.count(now)
    const token = placement.tokenOf(request.key)
    if (placement.owns(token)) puts.begin(origin, request, now, out)
    else if (origin.type === 'client') forwards.begin(origin, request, now, out)
    else if (placement.standsIn(token)) puts.begin(origin, request, now, out)
    else this.#refuse(origin, 'STALE_VIEW', 'this node does not own the key', out)
  }

  /** Same members, and time left: else refused, definite, before anything was done. */
  #admits(origin: Origin, request: { epoch: string; timeLeft: number }, out: Effect[]): boolean {
    const { placement, membership } = this.#parts
    if (request.timeLeft <= 0) {
      this.#refuse(origin, 'TIMEOUT', 'the request had no time left when it came', out)
      return false
    }
    if (!membership.isMember(placement.self)) {
      this.#refuse(origin, 'STALE_VIEW', 'this node is no member of the cluster', out)
      return false
    }
    if (request.epoch === placement.epoch) return true
    this.#refuse(origin, 'STALE_VIEW', 'this node knows other members', out)
    return false
  }

  #refuse(origin: Origin, code: 'TIMEOUT' | 'STALE_VIEW', message: string, out: Effect[]): void {
    out.push(answerPut(origin, failed(origin, { code, message, outcome: nothingDone(0) })))
  }

  #view({ id }: ClientOrigin): ViewReply {
    const { placement, directory, membership } = this.#parts
    const { epoch, settings } = placement
    const members = directory.records(membership.view)
    return { type: 'viewed', id, epoch, settings, members, time: this.#wall }
  }

  #gossip({ id }: ClientOrigin, now: Instant): GossipReply {
    const { placement, beliefs } = this.#parts
    return { type: 'gossiped', id, node: placement.self, ...beliefs(now) }
  }
}
