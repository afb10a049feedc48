/** One connection between two ends: two pipes of bytes, and what a reset does to them. */
import { sometimes } from '#mutants'
import type { NodeId } from '../core/ids.ts'
import type { Channel, ChannelEvent } from '../wire/channel.ts'
import type { Context } from './context.ts'
import type { Micros } from './events.ts'
import type { Pair, Side } from './network.ts'

/** What the owner of an end does about it. */
export type LinkOwner<In> = {
  /** Bytes or the end of the connection reach the owner's process. */
  readonly deliver: (run: () => void) => void
  readonly onEvent: (event: ChannelEvent<In>) => void
  /** Once, after everything else, unless the owner's process is gone. */
  readonly onClosed: () => void
  /** Output is queued and `flush` is to be called at the end of this turn; undefined: at once. */
  readonly touch?: () => void
}

export type Sent = 'queued' | 'too-large' | 'behind' | 'closed'

export class LinkEnd<In extends object, Out> {
  readonly channel: Channel<In, Out>
  readonly #owner: LinkOwner<In>
  readonly #pipe: Pipe
  readonly #close: () => void
  #open = true

  constructor(channel: Channel<In, Out>, owner: LinkOwner<In>, pipe: Pipe, close: () => void) {
    this.channel = channel
    this.#owner = owner
    this.#pipe = pipe
    this.#close = close
  }

  /** `behindMax`: nothing is sent while the other side has left more bytes than that. */
  send(message: Out, behindMax = Number.POSITIVE_INFINITY): Sent {
    if (!this.#open) return 'closed'
    if (this.#pipe.heldBytes + this.channel.queuedBytes > behindMax) return 'behind'
    const sent = this.channel.send(message)
    this.#owner.touch?.()
    return sent
  }

  flush(): void {
    const bytes = this.#open ? this.channel.takeOutput() : undefined
    if (bytes !== undefined) this.#pipe.send(bytes)
  }

  /** Closes from this side; what is queued is sent first. */
  close(): void {
    if (!this.#open) return
    this.flush()
    this.#open = false
    this.#close()
    this.#owner.onClosed()
  }

  arrive(bytes: Uint8Array): void {
    this.#owner.deliver(() => {
      if (!this.#open) return
      for (const event of this.channel.push(bytes)) {
        if (!this.#open) return
        this.#owner.onEvent(event)
      }
      if (this.channel.queuedBytes === 0) return
      if (this.#owner.touch === undefined) this.flush()
      else this.#owner.touch()
    })
  }

  /** The other side is gone. */
  closed(): void {
    this.#owner.deliver(() => {
      if (!this.#open) return
      this.#open = false
      this.#owner.onClosed()
    })
  }

  /** This side's process is gone: nobody hears of it. */
  drop(): void {
    this.#open = false
  }
}

/** An end whose messages do not matter to the link. */
type AnyEnd = Pick<LinkEnd<object, unknown>, 'flush' | 'arrive' | 'closed' | 'drop'>

export class Link {
  readonly id: number
  readonly from: string
  readonly to: NodeId
  dialled: AnyEnd | undefined
  accepted: AnyEnd | undefined
  /** It will be reset if the cut lasts. */
  losingPatience = false
  readonly #context: Context
  readonly #there: Pipe
  readonly #back: Pipe
  readonly #onOver: () => void
  #over = false

  constructor(id: number, from: string, to: NodeId, context: Context, onOver: () => void) {
    this.id = id
    this.from = from
    this.to = to
    this.#context = context
    this.#onOver = onOver
    const { network } = context
    const there = { pair: network.pair(from, to), side: 'requests' } as const
    const back = { pair: network.pair(to, from), side: 'answers' } as const
    this.#there = new Pipe(there, context, bytes => this.accepted?.arrive(bytes))
    this.#back = new Pipe(back, context, bytes => this.dialled?.arrive(bytes))
  }

  dial<In extends object, Out>(channel: Channel<In, Out>, owner: LinkOwner<In>): LinkEnd<In, Out> {
    const end = new LinkEnd(channel, owner, this.#there, () => this.endedBy('dialled'))
    this.dialled = end
    if (this.#over) this.#context.events.after(0, () => end.closed())
    return end
  }

  accept<In extends object, Out>(
    channel: Channel<In, Out>,
    owner: LinkOwner<In>,
  ): LinkEnd<In, Out> {
    const end = new LinkEnd(channel, owner, this.#back, () => this.endedBy('accepted'))
    this.accepted = end
    return end
  }

  get isCut(): boolean {
    return !this.#over && (this.#there.isCut || this.#back.isCut)
  }

  /** Sends what a cut or a clog held back, where it is over. */
  pump(): void {
    this.#there.pump()
    this.#back.pump()
  }

  /** One side closed, or its process ended: what it had sent arrives, then the other side hears. */
  endedBy(side: 'dialled' | 'accepted'): void {
    if (this.#over) return
    this.#end()
    const [mine, other] = side === 'dialled' ? [this.#there, this.#back] : [this.#back, this.#there]
    other.breakOff(false)
    this[side]?.drop()
    const hears = side === 'dialled' ? this.accepted : this.dialled
    mine.end(() => hears?.closed())
  }

  /** Broken from outside: what is under way is lost, and both sides hear of it in time. */
  reset(torn: boolean): void {
    if (this.#over) return
    this.#end()
    this.#there.breakOff(torn)
    this.#back.breakOff(torn)
    const { events, network } = this.#context
    for (const end of [this.dialled, this.accepted]) {
      events.after(network.latency(network.pair(this.to, this.from)), () => end?.closed())
    }
  }

  #end(): void {
    this.#over = true
    this.#onOver()
    this.#context.notice({ type: 'link-over', link: this.id })
  }
}

type Chunk = { readonly bytes: Uint8Array; readonly sentAt: Micros }

/** Bytes one way, in order. */
class Pipe {
  readonly #pair: Pair
  readonly #side: Side
  readonly #context: Context
  readonly #receive: (bytes: Uint8Array) => void
  readonly #held: Chunk[] = []
  readonly #underWay: Chunk[] = []
  #heldBytes = 0
  #lastArrival: Micros = 0
  #broken = false

  constructor(
    { pair, side }: { readonly pair: Pair; readonly side: Side },
    context: Context,
    receive: (bytes: Uint8Array) => void,
  ) {
    this.#pair = pair
    this.#side = side
    this.#context = context
    this.#receive = receive
  }

  get isCut(): boolean {
    return this.#context.network.isCut(this.#pair)
  }

  send(bytes: Uint8Array): void {
    if (this.#broken) return
    const { events, trace } = this.#context
    trace.add(events.now, `${this.#pair.from}>${this.#pair.to}`, bytes)
    const chunk = { bytes, sentAt: events.now }
    if (!this.#isBlocked) return this.#travel(chunk)
    this.#held.push(chunk)
    this.#heldBytes += bytes.length
  }

  /** What the other side cannot take at present. */
  get heldBytes(): number {
    return this.#heldBytes
  }

  pump(): void {
    while (this.#held.length > 0 && !this.#isBlocked && !this.#broken) {
      const chunk = this.#held.shift() as Chunk
      this.#heldBytes -= chunk.bytes.length
      this.#travel(chunk)
    }
  }

  /** After all that is under way; where the link is cut the end is heard of late. */
  end(run: () => void): void {
    const { events, network } = this.#context
    const late = this.#isBlocked ? silenceMicros : network.latency(this.#pair)
    events.at(Math.max(this.#lastArrival, events.now + late), () => {
      this.#broken = true
      run()
    })
  }

  /** What is under way is lost; torn: but for the first bytes of it. */
  breakOff(torn: boolean): void {
    this.#broken = true
    const first = this.#underWay[0]
    if (!torn || first === undefined) return
    sometimes('a reset tears a frame')
    this.#receive(first.bytes.subarray(0, this.#pair.chance.below(first.bytes.length)))
  }

  get #isBlocked(): boolean {
    return this.#context.network.isHeld(this.#pair, this.#side) || this.isCut
  }

  #travel(chunk: Chunk): void {
    const { events, network, notice } = this.#context
    const { from, to } = this.#pair
    // What is lost is sent again by the kernel, and all behind it waits.
    const again = network.isLost(this.#pair) ? resendMicros : 0
    const arrival = events.now + network.latency(this.#pair) + again
    this.#lastArrival = Math.max(this.#lastArrival, arrival)
    this.#underWay.push(chunk)
    events.at(this.#lastArrival, () => {
      if (this.#broken) return
      this.#underWay.shift()
      notice({ type: 'delivered', from, to, message: undefined, sentAt: chunk.sentAt })
      this.#receive(chunk.bytes)
    })
  }
}

const resendMicros = 200_000
/** How long a side that hears nothing more believes in the connection. */
const silenceMicros = 5_000_000
