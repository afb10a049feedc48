/**
 * One connection as a machine without time or sockets, for either side: bytes in, events out;
 * messages in, bytes out. It holds the bounds of a connection, lets nothing but the handshake
 * through before the proof, and carries only the messages of the role that was proved. The
 * node, the client, the supervisor's socket and the simulator host it.
 */
import { frameBytesMax, frameMs, proofMs, unprovedBytesMax } from './bounds.ts'
import { FrameDecoder } from './frame.ts'
import {
  ClientHandshake,
  type ClientOptions,
  type HandshakeStep,
  type Proved,
  ServerHandshake,
  type ServerOptions,
} from './handshake.ts'
import type { Role } from './hello.ts'
import { decodeHelloFrame, encodeRefuse, isRefuse, preamble, type Refusal } from './hello.ts'
import type { Decode } from './message-codec.ts'
import { Writer } from './pack.ts'
import { isMalformed } from './read.ts'

export type ChannelOptions<In extends object, Out> = {
  readonly handshake:
    | ({ readonly side: 'server' } & ServerOptions)
    | ({ readonly side: 'client' } & ClientOptions)
  /** When the connection was opened, by the clock that `overdue` is asked with. */
  readonly openedMs: number
  /** What is heard from the other side, by the role that was proved. */
  readonly decoders: Readonly<Partial<Record<Role, Decode<In>>>>
  readonly write: (writer: Writer, message: Out) => void
  /** Of a message that is sent; less than the usual only in simulations. */
  readonly frameBytes?: number
}

/** After `refused` or `malformed` the channel is dead: send what is left, then close. */
export type ChannelEvent<In> =
  | { readonly type: 'proved'; readonly proved: Proved }
  | { readonly type: 'message'; readonly message: In }
  | { readonly type: 'refused'; readonly by: 'us' | 'them'; readonly refusal: Refusal }
  | { readonly type: 'malformed'; readonly reason: string }

export class Channel<In extends object, Out> {
  readonly #options: ChannelOptions<In, Out>
  readonly #handshake: ServerHandshake | ClientHandshake
  readonly #frames: FrameDecoder
  readonly #output = new Writer()
  /** Bytes of the preamble still to come. */
  #preamble: Uint8Array
  #proved: Proved | undefined
  #decode: Decode<In> | undefined
  #dead = false
  #events: ChannelEvent<In>[] = []
  /** The frame that was under way when `overdue` last looked, and since when. */
  #slowFrame = -1
  #slowSinceMs = 0

  constructor(options: ChannelOptions<In, Out>) {
    this.#options = options
    this.#frames = new FrameDecoder(unprovedBytesMax - preamble.length - lengthBytes)
    if (options.handshake.side === 'server') {
      this.#handshake = new ServerHandshake(options.handshake)
      this.#preamble = preamble
    } else {
      const handshake = new ClientHandshake(options.handshake)
      this.#handshake = handshake
      this.#preamble = preamble.subarray(preamble.length)
      this.#output.raw(preamble)
      this.#sendFrame(handshake.hello)
    }
  }

  /** Who is on the other side; undefined before the proof. */
  get proved(): Proved | undefined {
    return this.#proved
  }

  /** True once nothing more can come of this connection. */
  get dead(): boolean {
    return this.#dead
  }

  /** Bytes queued and not taken. */
  get queuedBytes(): number {
    return this.#output.length
  }

  /** Bytes of memory that a frame takes whose end has not come. */
  get heldBytes(): number {
    return this.#frames.heldBytes
  }

  /** Frames read so far: a frame under way is known by it. */
  get framesRead(): number {
    return this.#frames.frames
  }

  /** Takes a chunk. The messages own their bytes: the chunk may be used again at once. */
  push(chunk: Uint8Array): readonly ChannelEvent<In>[] {
    if (this.#dead) return []
    this.#events = []
    const rest = this.#preamble.length === 0 ? chunk : this.#takePreamble(chunk)
    if (rest !== undefined) {
      const fault = this.#frames.push(rest, this.#onFrame)
      if (fault !== undefined) this.#fail(fault)
    }
    return this.#events
  }

  /** Queues a message. `too-large`: it fits no frame, and nothing was queued. */
  send(message: Out): 'queued' | 'too-large' | 'closed' {
    if (this.#dead || this.#proved === undefined) return 'closed'
    const before = this.#output.length
    const begin = this.#output.beginFrame()
    this.#options.write(this.#output, message)
    const { frameBytes = frameBytesMax } = this.#options
    if (this.#output.endFrame(begin) <= frameBytes) return 'queued'
    this.#output.cut(before)
    return 'too-large'
  }

  /** Tells the other side why it is hung up on, and is dead. */
  refuse(refusal: Refusal): void {
    if (this.#dead) return
    this.#dead = true
    this.#frames.drop()
    this.#sendFrame(encodeRefuse(refusal))
  }

  /** All that was queued since the last call, for one write; nobody changes these bytes. */
  takeOutput(): Uint8Array | undefined {
    return this.#output.length === 0 ? undefined : this.#output.take()
  }

  /**
   * Why this connection has taken too long, asked now and then: no proof yet, or a frame that
   * does not come to its end. A frame's time counts from the first call that saw it under way,
   * and anew once this side reads again: what it does not read cannot come to its end.
   */
  overdue(nowMs: number, reads = true): string | undefined {
    if (this.#dead) return undefined
    if (this.#proved === undefined) {
      return nowMs - this.#options.openedMs > proofMs ? `no proof within ${proofMs} ms` : undefined
    }
    if (this.#frames.pendingBytes === 0) return undefined
    if (!reads || this.#slowFrame !== this.#frames.frames) {
      this.#slowFrame = this.#frames.frames
      this.#slowSinceMs = nowMs
    }
    const allowedMs = frameMs + this.#frames.pendingSize / bytesPerMs
    return nowMs - this.#slowSinceMs > allowedMs ? 'a frame that does not end' : undefined
  }

  /** What is left of a chunk behind the preamble. A stranger to it gets no answer at all. */
  #takePreamble(chunk: Uint8Array): Uint8Array | undefined {
    const count = Math.min(chunk.length, this.#preamble.length)
    for (let i = 0; i < count; i++) {
      if (chunk[i] === this.#preamble[i]) continue
      this.#dead = true
      this.#events.push({ type: 'malformed', reason: 'the first bytes are not ours' })
      return undefined
    }
    this.#preamble = this.#preamble.subarray(count)
    return chunk.subarray(count)
  }

  readonly #onFrame = (bytes: Uint8Array, from: number, to: number): boolean => {
    if (this.#decode === undefined) this.#shakeHands(bytes, from, to)
    else if (isRefuse(bytes, from)) this.#beRefused(bytes, from, to)
    else {
      const message = this.#decode(bytes, from, to)
      if (isMalformed(message)) this.#fail(message.malformed)
      else this.#events.push({ type: 'message', message })
    }
    return !this.#dead
  }

  #shakeHands(bytes: Uint8Array, from: number, to: number): void {
    this.#frames.limit = Math.max(0, this.#frames.limit - (to - from) - lengthBytes)
    const theirs = isRefuse(bytes, from)
    const step: HandshakeStep = this.#handshake.receive(bytes, from, to)
    if (step.send !== undefined) this.#sendFrame(step.send)
    if (step.refused !== undefined) {
      this.#dead = true
      this.#events.push({ type: 'refused', by: theirs ? 'them' : 'us', refusal: step.refused })
    }
    if (step.proved !== undefined) this.#open(step.proved)
  }

  #open(proved: Proved): void {
    const { handshake, decoders } = this.#options
    const role = proved.side === 'server' ? proved.hello.role : roleOf(handshake)
    this.#decode = role === undefined ? undefined : decoders[role]
    if (this.#decode === undefined) {
      this.#fail('a role without messages')
      return
    }
    this.#proved = proved
    this.#frames.limit = frameBytesMax
    this.#events.push({ type: 'proved', proved })
  }

  #beRefused(bytes: Uint8Array, from: number, to: number): void {
    const frame = decodeHelloFrame(bytes, from, to)
    if (isMalformed(frame) || frame.type !== 'refuse') {
      this.#fail('a refusal that is none')
      return
    }
    this.#dead = true
    this.#events.push({ type: 'refused', by: 'them', refusal: frame.refusal })
  }

  /** Tells the other side why, and is dead. */
  #fail(reason: string): void {
    this.#dead = true
    this.#sendFrame(encodeRefuse({ code: 'malformed', text: reason }))
    this.#events.push({ type: 'malformed', reason })
  }

  #sendFrame(frame: Uint8Array): void {
    const begin = this.#output.beginFrame()
    this.#output.raw(frame)
    this.#output.endFrame(begin)
  }
}

function roleOf(handshake: ChannelOptions<object, never>['handshake']): Role | undefined {
  return handshake.side === 'client' ? handshake.role : undefined
}

/** Of a frame's length. */
const lengthBytes = 4
const bytesPerMs = 1000
