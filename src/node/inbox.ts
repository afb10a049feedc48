/**
 * The requests that came in and are not answered yet, within the bounds of `security.md` §2.4.
 * Past a connection's bound it is not read any more and what was read already waits; past the
 * node's bound, or a full waiting room, a request is refused as busy: definite, nothing done.
 */
import type { Instant, NodeId, RequestId } from '../core/ids.ts'
import type { ClientReply, ClientRequest } from '../core/message.ts'
import { isPeerRequest, type PeerReply, type PeerRequest } from '../core/message-class.ts'
import type { Failure } from '../core/outcome.ts'
import type { Caller } from '../core/step.ts'
import { refusalOf, type Unsent } from '../core/unsent.ts'
import type { Counters } from './counters.ts'
import { type Incoming, timeLeftOf } from './incoming.ts'
import { busy, objectBytesOf, valueBytesOf, weightOf } from './message-class.ts'

/** Requests in flight and replies that nobody took yet, over all connections. */
const queuedBytesMax = 128 * 1024 * 1024
/** Replies that one connection may leave lying before it is not read any more. */
const behindBytesMax = 32 * 1024 * 1024
export const scansMax = 16

export type InboxHost = {
  /** A request of a client; answered by `reply` with this caller. */
  readonly onRequest: (caller: Caller, request: ClientRequest) => void
  /** A request of a member; answered by `answer`. */
  readonly onMessage: (from: NodeId, message: PeerRequest) => void
  readonly now: () => Instant
  readonly counters: Counters
}

/** The connection and the number of the request that a caller stands for. */
type CallerOf = { readonly incoming: Incoming; readonly id: RequestId }

export class Inbox {
  readonly #host: InboxHost
  readonly #all = new Set<Incoming>()
  readonly #callers = new Map<Caller, CallerOf>()
  /** Not read at present, or with requests that wait. */
  readonly #waiting = new Set<Incoming>()
  #lastCaller = 0
  #closed = false
  /** Bytes in flight; and of replies that nobody took yet, at least. */
  #queuedBytes = 0

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
  }

  /** The connection is gone, and who waited for its answers with it. */
  leave(incoming: Incoming): void {
    this.#all.delete(incoming)
    this.#waiting.delete(incoming)
    for (const id of incoming.flights.ids()) {
      this.#callers.delete(id as Caller)
      this.#end(incoming, id)
    }
  }

  /** A request was read. False: this number is in flight already. */
  take(incoming: Incoming, request: ClientRequest | PeerRequest): boolean {
    const isClient = !isPeerRequest(request)
    if (!isClient && incoming.flights.has(request.id)) return false
    const now = this.#host.now()
    if (isClient && this.#closed) this.#refuse(incoming, request, 'it stops')
    else if (isClient && request.type === 'scan' && incoming.flights.scans >= scansMax) {
      this.#refuse(incoming, request, `${scansMax} scans on this connection`)
    } else if (this.#isFull()) {
      this.#stopReading(incoming)
      this.#refuse(incoming, request, 'too many bytes are under way')
    } else if (incoming.ready) {
      this.#begin(incoming, request, now, timeLeftOf(request))
      if (incoming.flights.full) this.#stopReading(incoming)
    } else if (incoming.hold(request, now)) this.#stopReading(incoming)
    else this.#refuse(incoming, request, 'too many requests are under way')
    return true
  }

  /** Answers a client; returns why it could not, and then another reply is still owed to it. */
  reply(caller: Caller, reply: ClientReply): Unsent | undefined {
    const to = this.#callers.get(caller)
    if (to === undefined) return this.#dropped('gone')
    const { incoming } = to
    const bytes = valueBytesOf(reply)
    const isBehind = bytes > 0 && (this.#isBehind(incoming) || this.#isFull())
    const sent = isBehind ? 'behind' : incoming.connection.send(reply)
    if (sent === 'behind' || sent === 'too-large') return this.#dropped(sent)
    this.#callers.delete(caller)
    this.#end(incoming, caller)
    if (sent === 'closed') return this.#dropped('gone')
    this.#queuedBytes += bytes
    return undefined
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
    this.#end(incoming, reply.id)
    if (sent === 'closed') return this.#dropped('gone')
    this.#queuedBytes += bytes
    return undefined
  }

  /** Begins what waited for room, and reads again where there is some; once a turn. */
  resume(): void {
    if (this.#waiting.size === 0 || this.#isFull()) return
    const now = this.#host.now()
    for (const incoming of this.#waiting) {
      for (let next = incoming.takeHeld(now); next; next = incoming.takeHeld(now)) {
        if (next.leftMs > 0) this.#begin(incoming, next.request, now, next.leftMs)
        else this.#host.counters.expired++
      }
      if (!incoming.ready || this.#isBehind(incoming)) continue
      this.#waiting.delete(incoming)
      incoming.connection.pause(false)
    }
  }

  /** Forgets what nobody answered, and stops reading who takes no replies; now and then. */
  sweep(now: Instant): void {
    for (const incoming of this.#all) {
      for (const id of incoming.flights.expired(now)) {
        this.#host.counters.expired++
        this.#callers.delete(id as Caller)
        this.#end(incoming, id)
      }
      if (this.#isBehind(incoming)) this.#stopReading(incoming)
    }
  }

  /** Fails everything that clients still wait for. */
  failAll(failure: Failure): void {
    for (const { incoming, id } of this.#callers.values()) this.#fail(incoming, id, failure)
    this.#callers.clear()
  }

  #begin(
    incoming: Incoming,
    request: ClientRequest | PeerRequest,
    now: Instant,
    leftMs: number,
  ): void {
    const bytes = weightOf(request)
    this.#queuedBytes += bytes
    if (isPeerRequest(request)) {
      incoming.flights.begin(request.id, bytes, false, now, leftMs)
      if (incoming.proved?.member !== undefined) {
        this.#host.onMessage(incoming.proved.member, request)
      }
      return
    }
    const caller = ++this.#lastCaller as Caller
    incoming.flights.begin(caller, bytes, request.type === 'scan', now, leftMs)
    this.#callers.set(caller, { incoming, id: request.id })
    this.#host.onRequest(caller, request)
  }

  #dropped(why: Unsent): Unsent {
    this.#host.counters.droppedReplies++
    return why
  }

  #refuse(incoming: Incoming, request: ClientRequest | PeerRequest, what: string): void {
    this.#host.counters.busy++
    const failure = busy(what)
    if (isPeerRequest(request)) incoming.connection.send(refusalOf(request, failure))
    else this.#fail(incoming, request.id, failure)
  }

  #fail(incoming: Incoming, id: RequestId, failure: Failure): void {
    incoming.connection.send({ type: 'failed', id, failure, explained: undefined })
  }

  #stopReading(incoming: Incoming): void {
    this.#waiting.add(incoming)
    incoming.connection.pause(true)
  }

  #end(incoming: Incoming, id: number): boolean {
    const before = incoming.flights.bytes
    const ended = incoming.flights.end(id)
    this.#queuedBytes -= before - incoming.flights.bytes
    return ended
  }

  #isBehind(incoming: Incoming): boolean {
    return incoming.connection.bytesBehind > behindBytesMax
  }

  /** Counts exactly only where the running sum, which never forgets a reply, says "full". */
  #isFull(): boolean {
    if (this.#queuedBytes < queuedBytesMax) return false
    this.#queuedBytes = 0
    for (const { flights, connection } of this.#all) {
      this.#queuedBytes += flights.bytes + connection.bytesBehind
    }
    return this.#queuedBytes >= queuedBytesMax
  }
}
