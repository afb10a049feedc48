/**
 * One client: the host of a real `Session`, beside `src/client/session-host.ts`, with
 * connections of its own.
 */
import type { Brand } from '../core/brand.ts'
import { after, type Instant, type NodeId, type OpId } from '../core/ids.ts'
import type { ClientReply, PutRequest } from '../core/message.ts'
import { type Failure, nothingDone } from '../core/outcome.ts'
import type { CallId, CallResult, Wanted } from '../core/session/call.ts'
import type { SessionEffect, SessionInput } from '../core/session/contract.ts'
import { Session } from '../core/session.ts'
import type { Context, Transport } from './context.ts'
import type { Draw } from './draw.ts'
import { simHash } from './hash.ts'

export type ClientId = Brand<string, 'ClientId'>

/** What a caller hears of its call. */
export type Caller = {
  /** A put was sent, under this operation id. */
  readonly onSent: (to: NodeId, op: OpId) => void
  readonly onSettled: (result: CallResult) => void
}

type Waiting = { readonly wanted: Wanted; readonly caller: Caller }

export class SimClient {
  readonly id: ClientId
  readonly luck: Draw
  readonly #context: Context
  readonly #transport: Transport
  readonly #session: Session
  readonly #waiting = new Map<CallId, Waiting>()
  readonly #inputs: SessionInput[] = []
  /** Nodes that it is connected to or dials because the session asked for it. */
  readonly #known = new Set<NodeId>()
  #stepping = false
  #ticking = false
  #lastCall = 0
  /** Nodes that a seek has still to try; undefined: it seeks nobody. */
  #seeking: NodeId[] | undefined

  constructor(id: ClientId, context: Context, transport: Transport) {
    this.id = id
    this.#context = context
    this.#transport = transport
    this.luck = context.draws.of('client/random', id)
    this.#session = new Session({
      hash: simHash,
      random: count => this.luck.bytes(count),
      maxInFlight: 1024,
    })
  }

  /** Calls that have not ended. */
  get inFlight(): number {
    return this.#session.inFlight
  }

  call(wanted: Wanted, timeoutMs: number, via: NodeId | undefined, caller: Caller): CallId {
    const call = ++this.#lastCall as CallId
    this.#waiting.set(call, { wanted, caller })
    this.#step({ type: 'call', call, wanted, timeoutMs, via })
    return call
  }

  abort(call: CallId): void {
    this.#step({ type: 'abort', call })
  }

  // -- what its connections say --

  connected(node: NodeId): void {
    this.#seeking = undefined
    this.#known.add(node)
    this.#step({ type: 'connected', node })
  }

  /** A connection is gone or could not be made; who only sought hears of the last one alone. */
  disconnected(node: NodeId): void {
    if (this.#known.delete(node)) this.#step({ type: 'disconnected', node, failure: unreachable })
    else if (this.#seeking !== undefined) this.#seekNext()
  }

  reply(from: NodeId, reply: ClientReply): void {
    this.#context.trace.add(this.#context.events.now, `reply ${this.id} ${reply.type}`, undefined)
    this.#step({ type: 'reply', from, reply })
  }

  /** Inputs that arise while effects are performed wait their turn. */
  #step(input: SessionInput): void {
    this.#inputs.push(input)
    if (this.#stepping) return
    this.#stepping = true
    for (let next = this.#inputs.shift(); next !== undefined; next = this.#inputs.shift()) {
      const now = after(0 as Instant, this.#context.events.now / 1000)
      for (const effect of this.#session.step(now, next)) this.#perform(effect)
    }
    this.#stepping = false
    this.#tickWhileNeeded()
  }

  #perform(effect: SessionEffect): void {
    switch (effect.type) {
      case 'send':
        if (effect.request.type === 'put') this.#tellSent(effect.to, effect.request)
        return this.#transport.ask(this, effect.to, effect.request)
      case 'connect':
        this.#known.add(effect.node)
        return this.#transport.connect(this, effect.node)
      case 'seek':
        this.#seeking = this.luck.shuffled(this.#context.members.map(member => member.id))
        return this.#seekNext()
      case 'settle': {
        const waiting = this.#waiting.get(effect.call)
        this.#waiting.delete(effect.call)
        waiting?.caller.onSettled(effect.result)
      }
    }
  }

  /** Which call a request is for is told by the bytes that it carries: no two share them. */
  #tellSent(to: NodeId, { key, value, context, op }: PutRequest): void {
    for (const { wanted, caller } of this.#waiting.values()) {
      if (wanted.type !== 'put' || wanted.key !== key) continue
      if (wanted.value === value && wanted.context === context) caller.onSent(to, op)
    }
  }

  #seekNext(): void {
    const node = this.#seeking?.pop()
    if (node !== undefined) return this.#transport.connect(this, node)
    this.#seeking = undefined
    this.#step({ type: 'unreachable', failure: unreachable })
  }

  #tickWhileNeeded(): void {
    if (this.#ticking || this.#session.inFlight === 0) return
    this.#ticking = true
    this.#context.events.after(tickMicros, () => {
      this.#ticking = false
      this.#transport.clientTick(this)
      this.#step({ type: 'tick' })
    })
  }
}

const unreachable: Failure = {
  code: 'UNREACHABLE',
  message: 'no connection',
  outcome: nothingDone(0),
}
const tickMicros = 20_000
