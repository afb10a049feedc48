/**
 * The requests that came in and are not answered yet. Past a connection's bound it is not read
 * any more, and what was read already waits. Past a client's part of the room that clients have
 * (`client-room.ts`) a small request waits a little, and a large one, or one that has waited, is
 * refused as busy: definite, nothing done. No sum over clients ever stops or refuses a member.
 */
import type { Holder } from '../core/holdings.ts'
import type { Instant, NodeId, RequestId } from '../core/ids.ts'
import type { ClientReply, ClientRequest } from '../core/message.ts'
import { isPeerRequest, type PeerReply, type PeerRequest } from '../core/message-class.ts'
import type { Failure } from '../core/outcome.ts'
import { noRoomLine } from '../core/quorum/get.ts'
import type { Caller } from '../core/step.ts'
import { refusalOf, type Unsent } from '../core/unsent.ts'
import type { ClientRoom } from './client-room.ts'
import type { Counters } from './counters.ts'
import { type Incoming, timeLeftOf } from './incoming.ts'
import { busy, objectBytesOf, valueBytesOf, weightOf } from './message-class.ts'

/** Replies that one connection may leave lying before it is not read any more. */
const behindBytesMax = 32 * 1024 * 1024
export const scansMax = 16
/** What is larger does not wait for room: it would fill some itself. */
const waitingBytesMax = 4096
/** So many requests that are answered at once begin in one turn; a page of a count is as many. */
const atOnceMax = 64
const countWeight = 16
/** A request waits for room so long at most, and no longer than half of the time that it has. */
const waitingMsMax = 2000

export type InboxHost = {
  /** A request of a client; answered by `reply` with this caller. */
  readonly onRequest: (caller: Caller, request: ClientRequest, holder: Holder | undefined) => void
  /** A request of a member; answered by `answer`. */
  readonly onMessage: (from: NodeId, message: PeerRequest) => void
  readonly now: () => Instant
  readonly room: ClientRoom
  readonly counters: Counters
}

/** The connection and the number of the request that a caller stands for. */
type CallerOf = {
  readonly incoming: Incoming
  readonly id: RequestId
  readonly isGet: boolean
  /** A get of which nothing was read yet. */
  isOpen: boolean
}

export class Inbox {
  readonly #host: InboxHost
  readonly #all = new Set<Incoming>()
  readonly #callers = new Map<Caller, CallerOf>()
  /** Not read at present, or with requests that wait. */
  readonly #waiting = new Set<Incoming>()
  #lastCaller = 0
  /** What was answered at once in this turn. */
  #atOnce = 0
  #closed = false

  constructor(host: InboxHost) {
    this.#host = host
  }

  /** Requests that are not answered yet, over all connections. */
  get inFlight(): number {
    let count = 0
    for (const incoming of this.#all) count += incoming.flights.count
    return count
  }

  /** Requests of clients that are not answered yet. */
  get callers(): number {
    return this.#callers.size
  }

  /** From now on clients are refused: they go to another node. Members are still served. */
  close(): void {
    this.#closed = true
  }

  /** A proved connection may send requests from now on. */
  enter(incoming: Incoming): void {
    this.#all.add(incoming)
    this.#host.room.enter(incoming)
  }

  /** The connection is gone, and who waited for its answers with it. */
  leave(incoming: Incoming): void {
    this.#all.delete(incoming)
    this.#waiting.delete(incoming)
    this.#host.room.leave(incoming)
    for (const id of incoming.flights.ids()) {
      this.#forget(id as Caller)
      incoming.flights.end(id)
    }
  }

  /** A request was read. False: this number is in flight already. */
  take(incoming: Incoming, request: ClientRequest | PeerRequest): boolean {
    if (isPeerRequest(request)) return this.#takeOfMember(incoming, request)
    const { flights } = incoming
    const bytes = weightOf(request)
    if (this.#closed) this.#refuse(incoming, request, 'it stops')
    else if (request.type === 'scan' && flights.scans >= scansMax) {
      this.#refuse(incoming, request, `${scansMax} scans on this connection`)
    } else if (
      incoming.ready &&
      this.#hasTurn(request) &&
      this.#hasRoom(incoming, request, bytes)
    ) {
      this.#begin(incoming, request, bytes, timeLeftOf(request))
      if (flights.full) this.#stopReading(incoming)
    } else if (flights.full || bytes <= waitingBytesMax) {
      this.#wait(incoming, request, bytes)
      // What waits is in no client's part: no more of it than was read already.
      this.#stopReading(incoming)
    } else this.#refuse(incoming, request, 'what this client has under way fills its part of it')
    return true
  }

  /** Answers a client; returns why it could not, and then another reply is still owed to it. */
  reply(caller: Caller, reply: ClientReply): Unsent | undefined {
    const to = this.#callers.get(caller)
    if (to === undefined) return this.#dropped('gone')
    const { incoming } = to
    const bytes = valueBytesOf(reply)
    const { room } = this.#host
    if (reply.type === 'got') incoming.reads.saw(bytes)
    // It found no room for what it read: the next one waits for more than there is.
    else if (to.isGet && isForRoom(reply)) incoming.reads.saw(room.left(incoming) + 1)
    const isBehind = bytes > 0 && (this.#isBehind(incoming) || !room.takes(incoming, bytes))
    const sent = isBehind ? 'behind' : incoming.connection.send(reply)
    if (sent === 'behind' || sent === 'too-large') return this.#dropped(sent)
    this.#forget(caller)
    incoming.flights.end(caller)
    room.count(incoming)
    return sent === 'closed' ? this.#dropped('gone') : undefined
  }

  /**
   * Answers a member on the connection that its request came on; returns why it could not. Unless
   * it is gone, another answer is still owed to it.
   */
  answer(incoming: Incoming | undefined, reply: PeerReply): Unsent | undefined {
    if (incoming?.flights.has(reply.id) !== true) return this.#dropped('gone')
    const bytes = objectBytesOf(reply)
    const sent = bytes > 0 && this.#isBehind(incoming) ? 'behind' : incoming.connection.send(reply)
    if (sent === 'behind' || sent === 'too-large') return this.#dropped(sent)
    incoming.flights.end(reply.id)
    return sent === 'closed' ? this.#dropped('gone') : undefined
  }

  /**
   * Begins what waited for room, and reads again where there is some; once a turn. True: more
   * waits for nothing but another turn.
   */
  resume(): boolean {
    this.#host.room.turn()
    this.#atOnce = 0
    if (this.#waiting.size === 0) return false
    const now = this.#host.now()
    for (const incoming of [...this.#waiting]) {
      const before = incoming.held
      this.#beginHeld(incoming, now)
      if (incoming.ready && !this.#isBehind(incoming)) {
        this.#waiting.delete(incoming)
        incoming.connection.pause(false)
      } else if (incoming.held < before) {
        // Others that wait come first next time.
        this.#waiting.delete(incoming)
        this.#waiting.add(incoming)
      }
    }
    return this.#atOnce >= atOnceMax
  }

  /** Forgets what nobody answered, and stops reading who takes no replies; now and then. */
  sweep(now: Instant): void {
    for (const incoming of this.#all) {
      for (const id of incoming.flights.expired(now)) {
        this.#host.counters.expired++
        this.#forget(id as Caller)
        incoming.flights.end(id)
      }
      if (this.#isBehind(incoming)) this.#stopReading(incoming)
    }
    this.#host.room.sweep(now)
  }

  /** Fails everything that clients still wait for. */
  failAll(failure: Failure): void {
    for (const { incoming, id } of this.#callers.values()) this.#fail(incoming, id, failure)
    this.#callers.clear()
  }

  #takeOfMember(incoming: Incoming, request: PeerRequest): boolean {
    if (incoming.flights.has(request.id)) return false
    const bytes = weightOf(request)
    if (incoming.ready) this.#begin(incoming, request, bytes, timeLeftOf(request))
    else this.#wait(incoming, request, bytes)
    if (incoming.flights.full || incoming.held > 0) this.#stopReading(incoming)
    return true
  }

  /** What carries nothing and is answered with little always has room. */
  #hasRoom(incoming: Incoming, { type }: ClientRequest, bytes: number): boolean {
    if (isAtOnce(type)) return true
    const { room } = this.#host
    if (type !== 'get') return room.fits(incoming, bytes)
    const { reads } = incoming
    if (room.fits(incoming, bytes + reads.wanted)) return true
    return reads.canProbe && room.holdsLittle(incoming) && room.fits(incoming, bytes)
  }

  /** What is answered at once costs this turn, which others wait for. */
  #hasTurn({ type }: ClientRequest): boolean {
    return !isAtOnce(type) || this.#atOnce < atOnceMax
  }

  #forget(caller: Caller): void {
    const of = this.#callers.get(caller)
    if (of?.isOpen === true) of.incoming.reads.ended()
    this.#callers.delete(caller)
  }

  #wait(incoming: Incoming, request: ClientRequest | PeerRequest, bytes: number): void {
    if (!incoming.hold(request, bytes, this.#host.now())) {
      return this.#refuse(incoming, request, 'too many requests are under way')
    }
    this.#waiting.add(incoming)
    this.#host.room.count(incoming)
  }

  #beginHeld(incoming: Incoming, now: Instant): void {
    let isRefused = false
    for (let first = incoming.firstHeld; first; first = incoming.firstHeld) {
      const { request, bytes } = first
      if (incoming.flights.full) return
      const isOfMember = isPeerRequest(request)
      if (!isOfMember && !this.#hasTurn(request)) return
      const fits = isOfMember || this.#hasRoom(incoming, request, bytes)
      const waitsMs = Math.min(waitingMsMax, timeLeftOf(request) / 2)
      if (!fits && now - first.at < waitsMs) return
      const leftMs = incoming.takeHeld(now)?.leftMs ?? 0
      if (leftMs <= 0) this.#host.counters.expired++
      else if (fits) this.#begin(incoming, request, bytes, leftMs)
      else {
        this.#refuse(incoming, request, 'what this client has under way fills its part of it')
        // Those that came together say it once.
        if (request.type === 'get' && !isRefused) incoming.reads.refused()
        isRefused = true
      }
    }
  }

  #begin(
    incoming: Incoming,
    request: ClientRequest | PeerRequest,
    bytes: number,
    leftMs: number,
  ): void {
    const now = this.#host.now()
    if (isPeerRequest(request)) {
      incoming.flights.begin(request.id, bytes, false, now, leftMs)
      if (incoming.proved?.member !== undefined) {
        this.#host.onMessage(incoming.proved.member, request)
      }
      return
    }
    const caller = ++this.#lastCaller as Caller
    const { room } = this.#host
    const isGet = request.type === 'get'
    const of = { incoming, id: request.id, isGet, isOpen: false }
    incoming.flights.begin(caller, bytes, request.type === 'scan', now, leftMs)
    this.#callers.set(caller, of)
    room.count(incoming)
    if (isAtOnce(request.type)) this.#atOnce += request.type === 'count' ? countWeight : 1
    const before = room.heldBy(incoming)
    this.#host.onRequest(caller, request, incoming.holder)
    if (!isGet || !this.#callers.has(caller)) return
    const read = room.heldBy(incoming) - before
    if (read > 0) return incoming.reads.saw(read)
    of.isOpen = true
    incoming.reads.begun()
  }

  #dropped(why: Unsent): Unsent {
    this.#host.counters.droppedReplies++
    return why
  }

  #refuse(incoming: Incoming, request: ClientRequest | PeerRequest, what: string): void {
    const failure = busy(what)
    this.#host.counters.busy++
    if (isPeerRequest(request)) {
      this.#host.counters.membersRefused++
      incoming.connection.send(refusalOf(request, failure))
    } else this.#fail(incoming, request.id, failure)
  }

  #fail(incoming: Incoming, id: RequestId, failure: Failure): void {
    incoming.connection.send({ type: 'failed', id, failure, explained: undefined })
  }

  #stopReading(incoming: Incoming): void {
    this.#waiting.add(incoming)
    incoming.connection.pause(true)
  }

  #isBehind(incoming: Incoming): boolean {
    return incoming.connection.bytesBehind > behindBytesMax
  }
}

/** Answered in the turn in which it begins, with little: it always has room. */
function isAtOnce(type: ClientRequest['type']): boolean {
  return type !== 'get' && type !== 'put' && type !== 'scan' && type !== 'inspect'
}

/** A get found no room for what it read; it may be refused as busy for other reasons, too. */
function isForRoom(reply: ClientReply): boolean {
  return reply.type === 'failed' && reply.failure.message === noRoomLine
}
