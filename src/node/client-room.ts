/**
 * The room that clients have in this node's memory: frames under way, requests, what is read and
 * made for them (`core/holdings.ts`), replies that they have not read. Each client has its part of
 * it, over all of its connections; a part stays free for newcomers. Where little is left all the
 * same, the connection that has let the most lie for the longest is closed; members have no part
 * in this, and always find room.
 */
import { Holdings } from '../core/holdings.ts'
import type { Instant } from '../core/ids.ts'
import type { Counters } from './counters.ts'
import type { Incoming } from './incoming.ts'
import type { Log } from './log.ts'

/** Requests of clients in flight, over all connections. */
const requestsMax = 16_384
/** Of frames whose end has not come, over all connections of clients. */
export const framesBytesMax = 32 * 1024 * 1024
/** One part in so many stays free for newcomers: it is given only to who has next to nothing. */
const keptPart = 8
/** So little always finds room while there is any. */
const smallBytes = 512 * 1024
/** Whoever has let something lie for less than this is not closed for it. */
const patienceMs = 250
/** A reason still reaches whoever has left no more than this unread. */
const readableBytes = 64 * 1024

export type ClientRoomHost = {
  readonly now: () => Instant
  readonly log: Log
  readonly counters: Counters
}

export class ClientRoom {
  readonly #host: ClientRoomHost
  readonly #bytes: Holdings
  readonly #requests = new Holdings(requestsMax)
  readonly #all = new Set<Incoming>()
  #frameBytes = 0
  /** Who is slow was looked at in this turn. */
  #lookedAt = false

  constructor(bytes: Holdings, host: ClientRoomHost) {
    this.#bytes = bytes
    this.#host = host
  }

  enter(incoming: Incoming): void {
    if (incoming.holder !== undefined) this.#all.add(incoming)
  }

  /** What it held is nobody's any more. */
  leave(incoming: Incoming): void {
    if (!this.#all.delete(incoming)) return
    this.#charge(incoming, 0, 0, 0)
  }

  /** Counts anew what a connection holds; called where that may have changed. */
  count(incoming: Incoming): void {
    if (!this.#all.has(incoming)) return
    const { connection, flights } = incoming
    const frame = connection.channel.heldBytes
    const bytes = frame + connection.bytesBehind + flights.bytes + incoming.heldBytes
    this.#charge(incoming, bytes, frame, flights.count)
  }

  /** Bytes came: a part of a frame counts, too. */
  received(incoming: Incoming): void {
    this.count(incoming)
    const now = this.#host.now()
    // Its age is known from its first bytes on, not only from when somebody has to go.
    incoming.frameAge(now)
    while (this.#frameBytes > framesBytesMax) {
      const worst = this.#worst(one => one.counted.frame * (1 + one.frameAge(now)))
      if (worst === undefined) return
      this.#close(worst, 'frames under way fill their part of the memory of this node')
    }
  }

  /** May this client have one more request, of so many bytes? */
  fits(incoming: Incoming, bytes: number): boolean {
    if (this.#fitsNow(incoming, bytes)) return true
    if (!this.#lookedAt) this.sweep(this.#host.now())
    return this.#fitsNow(incoming, bytes)
  }

  /** Has this client next to nothing, over all of its connections? */
  holdsLittle(incoming: Incoming): boolean {
    return this.heldBy(incoming) <= smallBytes
  }

  /** A turn is over. */
  turn(): void {
    this.#lookedAt = false
  }

  /** Replies that were read meanwhile count no more; makes room where there is little. */
  sweep(now: Instant): void {
    this.#lookedAt = true
    for (const incoming of this.#all) this.count(incoming)
    const kept = this.#bytes.max / keptPart
    if (this.#bytes.free >= kept) return
    // So much more that others, who leave that part alone, find some.
    while (this.#bytes.free < kept * 1.5) {
      const worst = this.#worst(one => one.burden(now, patienceMs))
      if (worst === undefined) return
      this.#close(worst, 'what it does not read, or does not end, is needed for others')
    }
  }

  /** Is there room for what was read for this client, and made its reply? */
  takes({ holder }: Incoming, bytes: number): boolean {
    return holder === undefined || this.#bytes.fits(holder, bytes)
  }

  /** How much more can be read for this client now. */
  left(incoming: Incoming): number {
    return Math.max(0, this.#bytes.free - this.heldBy(incoming))
  }

  /** What this client has, over all of its connections. */
  heldBy({ holder }: Incoming): number {
    return holder === undefined ? 0 : this.#bytes.of(holder)
  }

  #fitsNow(incoming: Incoming, bytes: number): boolean {
    const { holder } = incoming
    if (holder === undefined) return true
    const isSmall = this.#bytes.of(holder) + bytes <= smallBytes
    const fits = isSmall
      ? this.#bytes.fits(holder, bytes)
      : bytes <= this.left(incoming) - this.#bytes.max / keptPart
    return fits && this.#requests.fits(holder, 1)
  }

  /** Whom this is greatest of; undefined: it is nothing of anybody. */
  #worst(burdenOf: (incoming: Incoming) => number): Incoming | undefined {
    let [worst, most] = [undefined as Incoming | undefined, 0]
    for (const incoming of this.#all) {
      const burden = burdenOf(incoming)
      if (burden > most) [worst, most] = [incoming, burden]
    }
    return worst
  }

  #close(incoming: Incoming, why: string): void {
    const { connection, counted } = incoming
    const { log, counters } = this.#host
    counters.closedForRoom++
    log.warnOnce('closed-for-room', { from: incoming.name, bytes: counted.bytes, why })
    const isReadable = connection.bytesBehind <= readableBytes
    connection.channel.refuse({ code: 'busy', text: `this node has no room: ${why}` })
    this.leave(incoming)
    if (isReadable) connection.close(why)
    else connection.destroy(why)
  }

  #charge(incoming: Incoming, bytes: number, frame: number, requests: number): void {
    const { holder, counted } = incoming
    if (holder === undefined) return
    if (bytes !== counted.bytes) this.#bytes.add(holder, bytes - counted.bytes)
    if (requests !== counted.requests) this.#requests.add(holder, requests - counted.requests)
    this.#frameBytes += frame - counted.frame
    incoming.counted = { bytes, frame, requests }
  }
}
