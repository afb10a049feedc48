/**
 * One incoming connection and its requests: what is in flight, and what was read before reading
 * stopped. A client's requests are named by callers, a member's by their own numbers.
 */
import type { Socket } from 'node:net'
import type { Holder } from '../core/holdings.ts'
import type { Instant, NodeId, StartId } from '../core/ids.ts'
import type { ClientReply, ClientRequest, PeerMessage } from '../core/message.ts'
import type { PeerRequest } from '../core/message-class.ts'
import type { IncomingChannel } from './channels.ts'
import { Connection, type ConnectionOwner } from './connection.ts'
import { Flights } from './flights.ts'
import type { Place } from './places.ts'
import { UsualRead } from './usual-read.ts'

/** A request that was read past the bound, and when. */
type Held = {
  readonly request: ClientRequest | PeerRequest
  readonly bytes: number
  readonly at: Instant
}

/** Requests that were read before reading stopped: about one chunk of the socket. */
const heldMax = 1024

export class Incoming {
  readonly connection: Connection<PeerMessage | ClientRequest, PeerMessage | ClientReply>
  readonly flights = new Flights()
  /** Who proved itself: undefined before that. A client has no name. */
  proved:
    | {
        readonly member: NodeId | undefined
        readonly start: StartId | undefined
        readonly place: Place
      }
    | undefined
  /** Who is charged for what it holds; undefined: a member, or nobody yet. */
  holder: Holder | undefined
  /** What gets of this connection read, each, by the last ones. */
  readonly reads = new UsualRead()
  /** What is charged at present. */
  counted = { bytes: 0, frame: 0, requests: 0 }
  readonly #held: Held[] = []
  #taken = 0
  #heldBytes = 0
  #frame = -1
  #frameSince: number | undefined

  constructor(
    socket: Socket,
    channel: IncomingChannel,
    owner: ConnectionOwner<PeerMessage | ClientRequest>,
  ) {
    this.connection = new Connection(socket, channel, owner)
  }

  /** For the log. */
  get name(): string {
    return this.proved === undefined ? 'nobody yet' : (this.proved.member ?? 'a client')
  }

  /** True where a request may begin at once. */
  get ready(): boolean {
    return this.held === 0 && !this.flights.full
  }

  /** Requests that wait for one in flight to end. */
  get held(): number {
    return this.#held.length - this.#taken
  }

  /** Of requests that wait. */
  get heldBytes(): number {
    return this.#heldBytes
  }

  /** Milliseconds since the frame under way was first seen; 0: there is none, or we do not read it. */
  frameAge(now: Instant): number {
    const { heldBytes, framesRead } = this.connection.channel
    if (heldBytes === 0 || this.connection.paused) this.#frameSince = undefined
    else if (this.#frameSince === undefined || this.#frame !== framesRead) {
      this.#frame = framesRead
      this.#frameSince = now
    }
    return this.#frameSince === undefined ? 0 : now - this.#frameSince
  }

  /** Bytes that the other side lets lie here, times how long; what is younger, or read, does not count. */
  burden(now: Instant, patienceMs: number): number {
    const { connection } = this
    const [waited, age] = [connection.lingersFor(now), this.frameAge(now)]
    const unread = waited < patienceMs ? 0 : connection.bytesBehind * waited
    return unread + (age < patienceMs ? 0 : connection.channel.heldBytes * age)
  }

  /** False where even the waiting room is full. */
  hold(request: ClientRequest | PeerRequest, bytes: number, at: Instant): boolean {
    if (this.held >= heldMax) return false
    this.#held.push({ request, bytes, at })
    this.#heldBytes += bytes
    return true
  }

  /** The request that has waited longest; undefined: none does. */
  get firstHeld(): Held | undefined {
    return this.#held[this.#taken]
  }

  /** Takes it out, with the time it has left; undefined: none waits. */
  takeHeld(
    now: Instant,
  ): { readonly request: ClientRequest | PeerRequest; readonly leftMs: number } | undefined {
    const held = this.#held[this.#taken]
    if (held === undefined) return undefined
    this.#heldBytes -= held.bytes
    this.#taken++
    if (this.#taken === this.#held.length) {
      this.#held.length = 0
      this.#taken = 0
    }
    return { request: held.request, leftMs: timeLeftOf(held.request) - (now - held.at) }
  }
}

/** Milliseconds that a request has; one without a deadline is answered at once. */
export function timeLeftOf(request: ClientRequest | PeerRequest): number {
  return 'timeLeft' in request ? request.timeLeft : 10_000
}
