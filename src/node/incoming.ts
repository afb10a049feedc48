/**
 * One incoming connection and its requests: what is in flight, and what was read before reading
 * stopped. A client's requests are named by callers, a member's by their own numbers.
 */
import type { Socket } from 'node:net'
import type { Instant, NodeId, StartId } from '../core/ids.ts'
import type { ClientReply, ClientRequest, PeerMessage } from '../core/message.ts'
import type { PeerRequest } from '../core/message-class.ts'
import type { IncomingChannel } from './channels.ts'
import { Connection, type ConnectionOwner } from './connection.ts'
import { Flights } from './flights.ts'

/** A request that was read past the bound, and when. */
type Held = { readonly request: ClientRequest | PeerRequest; readonly at: Instant }

/** Requests that were read before reading stopped: about one chunk of the socket. */
const heldMax = 1024

export class Incoming {
  readonly connection: Connection<PeerMessage | ClientRequest, PeerMessage | ClientReply>
  readonly flights = new Flights()
  /** Who proved itself: undefined before that. A client has no name. */
  proved: { readonly member: NodeId | undefined; readonly start: StartId | undefined } | undefined
  readonly #held: Held[] = []
  #taken = 0

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

  /** False where even the waiting room is full. */
  hold(request: ClientRequest | PeerRequest, at: Instant): boolean {
    if (this.held >= heldMax) return false
    this.#held.push({ request, at })
    return true
  }

  /** The next request that waited, with the time it has left; undefined: none may begin. */
  takeHeld(
    now: Instant,
  ): { readonly request: ClientRequest | PeerRequest; readonly leftMs: number } | undefined {
    const held = this.#held[this.#taken]
    if (held === undefined || this.flights.full) return undefined
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
