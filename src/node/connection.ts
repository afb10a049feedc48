/**
 * One socket and its channel. What is sent in a turn of the loop leaves in one write at its end
 * (`performance.md` §1, rule 10); what a reader does not take is counted, because a socket says
 * "full" only after megabytes (`reliability-store-wire.md` §3).
 */
import type { Socket } from 'node:net'
import { frameBytesMax } from '../wire/bounds.ts'
import type { Channel, ChannelEvent } from '../wire/channel.ts'
import { encode } from '../wire/message-codec.ts'
import type { AnyMessage } from '../wire/tags.ts'
import type { Gate } from './faults.ts'

/** A turn's output of one connection is written early past this many bytes. */
const writeBytes = 64 * 1024
/** Whoever takes less than a megabyte a second lets others wait. */
const leastBytesPerMs = 1000
/** Who reads takes more than that, on a busy machine as well. */
const usualBytesPerMs = 10_000
/** A closed connection has this long to hand over its last bytes. */
const lingerMs = 1000

/** What the owner of a connection does about it. */
export type ConnectionOwner<In> = {
  /** Every event of the channel, in order; none follows after `close`. */
  readonly onEvent: (event: ChannelEvent<In>) => void
  /** Once, after everything else. `reason` is for the log. */
  readonly onClosed: (reason: string) => void
  /** The connection has output: `flush` it at the end of this turn. */
  readonly touch: (connection: Flushable) => void
  /** Bytes came, and what they completed was told. */
  readonly onReceived?: () => void
}

/** All that was handed to the socket by then, and what of it the other side had not taken. */
type Mark = { readonly upTo: number; readonly bytes: number; readonly since: number }

export type Flushable = { readonly flush: () => void }

export class Connection<In extends AnyMessage, Out extends AnyMessage> implements Flushable {
  readonly channel: Channel<In, Out>
  /** Faults on purpose, of a connection between two nodes. */
  gate: Gate | undefined
  readonly #socket: Socket
  readonly #owner: ConnectionOwner<In>
  #reason: string | undefined
  #touched = false
  #framesBehind = 0
  #paused = false
  /** What waited for the other side when last all was taken that had waited before. */
  #mark: Mark | undefined

  constructor(socket: Socket, channel: Channel<In, Out>, owner: ConnectionOwner<In>) {
    this.#socket = socket
    this.channel = channel
    this.#owner = owner
    socket.setNoDelay(true)
    socket.on('data', chunk => this.#receive(chunk))
    // Without a listener an error would end the process; `close` always follows it.
    socket.on('error', problem => {
      this.#reason ??= (problem as NodeJS.ErrnoException).code ?? problem.message
    })
    socket.on('drain', () => {
      this.#framesBehind = 0
    })
    socket.on('close', () => owner.onClosed(this.#reason ?? 'the other side closed it'))
  }

  /** False from the moment somebody decided to close it. */
  get open(): boolean {
    return this.#reason === undefined && !this.#socket.destroyed
  }

  /** Bytes that the other side has not taken yet, as far as this process can tell. */
  get bytesBehind(): number {
    return this.#socket.writableLength + this.channel.queuedBytes
  }

  /** Frames sent since the other side had taken everything. */
  get framesBehind(): number {
    return this.#framesBehind
  }

  /** How long something has waited for the other side to take it, at least; 0: nothing does. */
  waitedFor(now: number): number {
    const { bytesWritten, writableLength } = this.#socket
    const taken = bytesWritten - writableLength
    if (writableLength === 0) this.#mark = undefined
    else if (this.#mark === undefined || taken >= this.#mark.upTo) {
      this.#mark = { upTo: bytesWritten, bytes: writableLength, since: now }
    }
    return this.#mark === undefined ? 0 : now - this.#mark.since
  }

  /** The same, of one that would have taken it by now if it read as readers do; else 0. */
  lingersFor(now: number): number {
    const waited = this.waitedFor(now)
    // What a socket has taken of one large write is not told before it has taken all of it.
    return waited < (this.#mark?.bytes ?? 0) / usualBytesPerMs ? 0 : waited
  }

  /** Does it take less than the least rate? It has `graceMs` at least for what waits. */
  isTooSlow(now: number, graceMs: number): boolean {
    const waited = this.waitedFor(now)
    return waited > Math.max(graceMs, (this.#mark?.bytes ?? 0) / leastBytesPerMs)
  }

  /** Queues one message for the end of this turn; behind a gate, maybe for later. */
  send(message: Out): 'queued' | 'too-large' | 'closed' {
    if (this.gate?.acts('out') !== true) return this.#queue(message)
    if (!this.open) return 'closed'
    if (encode(message).length > frameBytesMax) return 'too-large'
    this.gate.pass('out', message, () => this.#queue(message))
    return 'queued'
  }

  /** Hands everything queued to the socket in one write. */
  flush(): void {
    this.#touched = false
    const output = this.channel.takeOutput()
    if (output !== undefined && !this.#socket.destroyed) this.#socket.write(output)
    if (this.#socket.writableLength === 0) this.#framesBehind = 0
  }

  /** Stops or resumes reading: the other side meets the window of TCP. */
  pause(paused: boolean): void {
    if (paused === this.#paused) return
    this.#paused = paused
    if (paused) this.#socket.pause()
    else this.#socket.resume()
  }

  get paused(): boolean {
    return this.#paused
  }

  /** Sends what is queued and closes; what does not leave within a second is dropped. */
  close(reason: string): void {
    if (this.#reason !== undefined) return
    this.flush()
    this.#reason = reason
    this.#socket.resume()
    this.#socket.destroySoon()
    setTimeout(() => this.#socket.destroy(), lingerMs).unref()
  }

  /** Closes at once; nothing more is sent. */
  destroy(reason: string): void {
    this.#reason ??= reason
    this.#socket.destroy()
  }

  #queue(message: Out): 'queued' | 'too-large' | 'closed' {
    if (!this.open) return 'closed'
    const result = this.channel.send(message)
    if (result !== 'queued') return result
    this.#framesBehind++
    if (this.channel.queuedBytes >= writeBytes) this.flush()
    else this.#touch()
    return result
  }

  #receive(chunk: Uint8Array): void {
    if (!this.open) return
    for (const event of this.channel.push(chunk)) {
      if (!this.open) return
      if (event.type !== 'message' || this.gate?.acts('in') !== true) this.#owner.onEvent(event)
      else this.gate.pass('in', event.message, () => this.open && this.#owner.onEvent(event))
    }
    if (this.channel.queuedBytes > 0) this.#touch()
    this.#owner.onReceived?.()
  }

  #touch(): void {
    if (this.#touched) return
    this.#touched = true
    this.#owner.touch(this)
  }
}
