/**
 * The brain of one node: routes inputs to the machines that own them and returns their effects
 * (design §1). It decides nothing itself; hosts are the node's runtime and the simulator.
 */
import { uint48Of } from './binary.ts'
import type { Record } from './causality/record.ts'
import { Copies } from './copies.ts'
import type { Instant, NodeId, WallTime } from './ids.ts'
import { Listing } from './listing.ts'
import type { ClientRequest, PeerMessage, ViewReply } from './message.ts'
import { Objects } from './objects.ts'
import { nothingDone } from './outcome.ts'
import { Pending } from './pending.ts'
import { Placement } from './placement.ts'
import { Forwards } from './quorum/forwards.ts'
import { Gets } from './quorum/gets.ts'
import { Inspections } from './quorum/inspections.ts'
import { answerPut, type ClientOrigin, failed, type Origin, replyTo } from './quorum/origin.ts'
import { PutCoordination, type Stored } from './quorum/put-coordination.ts'
import { Puts } from './quorum/puts.ts'
import { Scans } from './quorum/scans.ts'
import { Requests } from './requests.ts'
import type { Effect, Env, Input } from './step.ts'

/** What a host shows of a replica: counts for status, log and monitor. */
export type ReplicaView = {
  readonly epoch: string
  readonly connected: readonly NodeId[]
  readonly coordinating: number
  readonly pendingBytes: number
  readonly commits: number
  readonly rowsCommitted: number
}

export class Replica {
  readonly placement: Placement
  readonly #pending = new Pending<Record, Stored>()
  readonly #requests: Requests
  readonly #puts: Puts
  readonly #gets: Gets
  readonly #forwards: Forwards
  readonly #scans: Scans
  readonly #inspections: Inspections
  readonly #copies: Copies
  #wall: WallTime = 0
  #full = false

  constructor(env: Env) {
    const { self, settings, members, hash, secrets, reads } = env
    const placement = new Placement(self, settings, members, hash)
    const objects = new Objects<Stored>(hash, secrets.digest, reads, this.#pending)
    const listing = new Listing(hash, reads, placement)
    const requests = new Requests(Math.floor(uint48Of(env.random(6)) / 4))
    this.placement = placement
    this.#requests = requests
    this.#puts = new Puts(env, placement, objects, requests)
    this.#gets = new Gets(env, placement, objects, requests)
    this.#forwards = new Forwards(placement, requests)
    this.#scans = new Scans(placement, listing, requests)
    this.#inspections = new Inspections(env, placement, objects, requests)
    this.#copies = new Copies(env, placement, objects, listing)
  }

  /** One input, its effects in the order in which they are to be performed. */
  step(now: Instant, input: Input): readonly Effect[] {
    const out: Effect[] = []
    switch (input.type) {
      case 'message':
        this.#message(input.from, input.message, now, out)
        return out
      case 'request':
        this.#request(
          { type: 'client', caller: input.caller, id: input.request.id },
          input.request,
          now,
          out,
        )
        return out
      case 'turn':
        return this.#turn(out)
      case 'stored':
        this.#stored(input, now, out)
        return out
      case 'tick':
        this.#wall = input.wall
        this.#puts.observe(this.#wall, this.#full)
        this.#requests.tick(now, out)
        return out
      case 'connected':
        this.placement.connected(input.node)
        return out
      case 'disconnected':
        this.placement.disconnected(input.node)
        this.#requests.lost(input.node, now, out)
        return out
      case 'disk':
        this.#full = input.full
        this.#puts.observe(this.#wall, this.#full)
        return out
    }
  }

  observe(): ReplicaView {
    return {
      epoch: this.placement.epoch,
      connected: this.placement.peers,
      coordinating: this.#requests.size,
      pendingBytes: this.#pending.bytes,
      commits: this.#pending.commits,
      rowsCommitted: this.#pending.rows,
    }
  }

  #turn(out: Effect[]): readonly Effect[] {
    const commit = this.#pending.turn()
    if (commit !== undefined) out.push(commit)
    return out
  }

  #message(from: NodeId, message: PeerMessage, now: Instant, out: Effect[]): void {
    switch (message.type) {
      case 'store':
        if (message.timeLeft > 0) this.#copies.store(from, message, out)
        return
      case 'read':
        if (message.timeLeft > 0) this.#copies.read(from, message, out)
        return
      case 'list':
        if (message.timeLeft > 0) this.#copies.list(from, message, out)
        return
      case 'forward':
        return this.#request(
          { type: 'peer', node: from, id: message.id },
          message.request,
          now,
          out,
        )
      case 'stored':
      case 'held':
      case 'listed':
      case 'forwarded':
        return this.#requests.answered(from, message, now, out)
    }
  }

  #request(origin: Origin, request: ClientRequest, now: Instant, out: Effect[]): void {
    if (request.type === 'put') return this.#put(origin, request, now, out)
    if (origin.type === 'peer') return
    switch (request.type) {
      case 'view':
        return void out.push(replyTo(origin, this.#view(origin)))
      case 'status':
        // The host answers: what it says is about the process, not about the protocol.
        return
      case 'get':
        if (this.#admits(origin, request, out)) this.#gets.begin(origin, request, now, out)
        return
      case 'scan':
        if (this.#admits(origin, request, out)) this.#scans.begin(origin, request, now, out)
        return
      case 'inspect':
        if (this.#admits(origin, request, out)) this.#inspections.begin(origin, request, now, out)
    }
  }

  #put(
    origin: Origin,
    request: Extract<ClientRequest, { type: 'put' }>,
    now: Instant,
    out: Effect[],
  ): void {
    if (!this.#admits(origin, request, out)) return
    if (this.#pending.bytes > pendingBytesMax) {
      const message = 'the disk of this node does not keep up'
      const outcome = nothingDone(0, request.op)
      return void out.push(answerPut(origin, failed(origin, { code: 'BUSY', message, outcome })))
    }
    const owns = this.placement.owns(this.placement.tokenOf(request.key))
    if (owns) this.#puts.begin(origin, request, now, out)
    else if (origin.type === 'client') this.#forwards.begin(origin, request, now, out)
    else this.#refuse(origin, 'STALE_VIEW', 'this node does not own the key', out)
  }

  /** Same members, and time left: else refused, definite, before anything was done. */
  #admits(origin: Origin, request: { epoch: string; timeLeft: number }, out: Effect[]): boolean {
    if (request.timeLeft <= 0) {
      this.#refuse(origin, 'TIMEOUT', 'the request had no time left when it came', out)
      return false
    }
    if (request.epoch === this.placement.epoch) return true
    this.#refuse(origin, 'STALE_VIEW', 'this node knows other members', out)
    return false
  }

  #refuse(origin: Origin, code: 'TIMEOUT' | 'STALE_VIEW', message: string, out: Effect[]): void {
    out.push(answerPut(origin, failed(origin, { code, message, outcome: nothingDone(0) })))
  }

  #view({ id }: ClientOrigin): ViewReply {
    const { epoch, settings, members } = this.placement
    return { type: 'viewed', id, epoch, settings, members, time: this.#wall }
  }

  /** A commit ended: acks leave, own writes count; a commit in doubt ends the process. */
  #stored(input: Extract<Input, { type: 'stored' }>, now: Instant, out: Effect[]): void {
    const then = this.#pending.settle(input)
    if (input.result !== 'durable') {
      const reason = `a commit was ${input.result === 'unknown' ? 'left in doubt' : 'refused'}`
      return void out.push({ type: 'halt', reason })
    }
    for (const stored of then) {
      if (stored.type === 'copy') {
        out.push(this.#copies.stored(stored.to, stored.id, undefined))
        continue
      }
      const put = this.#requests.find(stored.id)
      if (put instanceof PutCoordination) put.stored(this.placement.self, now, out)
      this.#requests.forgetIfOver(stored.id, now)
    }
  }
}

/** Bytes waiting for the disk, past which client puts are refused with BUSY, definite. */
const pendingBytesMax = 128 * 1024 * 1024
