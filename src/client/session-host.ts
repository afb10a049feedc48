/**
 * The host of the client's machine: gives it time, sockets and randomness, and turns its
 * `settle` effects into promises. All decisions are in `core/session.ts`.
 */
import { after, type ClusterId, type Instant, type NodeId } from '../core/ids.ts'
import type { ClientRequest, ViewReply } from '../core/message.ts'
import { type Failure, nothingDone } from '../core/outcome.ts'
import type { CallId, CallResult, SuccessReply, Wanted } from '../core/session/call.ts'
import type { SessionEffect, SessionInput } from '../core/session/contract.ts'
import { Session } from '../core/session.ts'
import type { Address, Reach } from './cluster-directory.ts'
import { Connection } from './connection.ts'
import { KvError, refusal } from './errors.ts'
import { clientHash } from './hash.ts'
import { randomBinary } from './random-pool.ts'

/** Whoever waits for a call. */
type Waiter = {
  readonly resolve: (reply: SuccessReply) => void
  readonly reject: (error: KvError) => void
  readonly signal: AbortSignal | undefined
  readonly abort: (() => void) | undefined
}

export class SessionHost {
  readonly #reach: Reach
  readonly #operator: boolean
  readonly #session: Session
  readonly #waiters = new Map<CallId, Waiter>()
  readonly #connections = new Map<NodeId, Connection>()
  /** Every socket that has not closed yet, proved or not. */
  readonly #open = new Set<Connection>()
  readonly #inputs: SessionInput[] = []
  #isStepping = false
  #cluster: ClusterId | undefined
  #lastCall = 0
  #timer: NodeJS.Timeout | undefined
  #isClosed = false
  #onAllClosed: (() => void) | undefined

  constructor(reach: Reach, maxInFlight: number, operator: boolean) {
    this.#reach = reach
    this.#operator = operator
    this.#cluster = reach.id
    this.#session = new Session({ hash: clientHash, random: randomBinary, maxInFlight })
  }

  get view(): ViewReply | undefined {
    return this.#session.view
  }

  /** Settles by its deadline; rejects with a `KvError` only. */
  call(
    wanted: Wanted,
    timeoutMs: number,
    via: NodeId | undefined,
    signal: AbortSignal | undefined,
  ): Promise<SuccessReply> {
    if (this.#isClosed) return Promise.reject(refusal('USAGE', 'the client is closed'))
    if (signal?.aborted === true) {
      return Promise.reject(refusal('CANCELLED', 'aborted before anything was sent', signal.reason))
    }
    return new Promise((resolve, reject) => {
      const call = ++this.#lastCall as CallId
      const abort = signal && (() => this.#step({ type: 'abort', call }))
      if (abort !== undefined) signal?.addEventListener('abort', abort, { once: true })
      this.#waiters.set(call, { resolve, reject, signal, abort })
      this.#step({ type: 'call', call, wanted, timeoutMs, via })
    })
  }

  /** Cancels what is in flight and closes every socket; a second call waits for the first. */
  async close(): Promise<void> {
    if (!this.#isClosed) {
      this.#isClosed = true
      for (const call of [...this.#waiters.keys()]) this.#step({ type: 'abort', call })
      clearInterval(this.#timer)
      for (const connection of this.#open) connection.destroy()
    }
    if (this.#open.size === 0) return
    await new Promise<void>(resolve => {
      const earlier = this.#onAllClosed
      this.#onAllClosed = () => {
        earlier?.()
        resolve()
      }
    })
  }

  /** Inputs that arise while effects are performed wait their turn. */
  #step(input: SessionInput): void {
    if (this.#isStepping) return void this.#inputs.push(input)
    this.#isStepping = true
    try {
      let next: SessionInput | undefined = input
      for (; next !== undefined; next = this.#inputs.shift()) {
        for (const effect of this.#session.step(now(), next)) this.#perform(effect)
      }
    } finally {
      this.#isStepping = false
    }
    this.#tickWhileNeeded()
  }

  #perform(effect: SessionEffect): void {
    switch (effect.type) {
      case 'send':
        return this.#send(effect.to, effect.request)
      case 'connect':
        return this.#dial(effect.node, { host: effect.host, port: effect.port })
      case 'seek':
        return this.#seek()
      case 'settle':
        return this.#settle(effect.call, effect.result)
    }
  }

  #settle(call: CallId, result: CallResult): void {
    const waiter = this.#waiters.get(call)
    if (waiter === undefined) return
    this.#waiters.delete(call)
    const { signal, abort } = waiter
    if (abort !== undefined) signal?.removeEventListener('abort', abort)
    if (result.type === 'done') waiter.resolve(result.reply)
    else {
      const { failure, explained } = result
      waiter.reject(new KvError(failure, causeOf(failure, signal), explained))
    }
  }

  #send(to: NodeId, request: ClientRequest): void {
    const failure = this.#connections.get(to)?.send(request)
    if (failure === undefined) return
    const reply = { type: 'failed', id: request.id, failure, explained: undefined } as const
    this.#step({ type: 'reply', from: to, reply })
  }

  // -- connections --

  #dial(node: NodeId, address: Address): void {
    this.#connect(address, node, failure => {
      // Another connection to the same node may have been proved meanwhile.
      if (!this.#connections.has(node)) this.#step({ type: 'disconnected', node, failure })
    })
  }

  /** Tries the known addresses in random order, each a moment after the one before. */
  #seek(): void {
    const left = shuffled(this.#reach.seeds)
    let underWay = 0
    let reason: Failure | undefined
    let timer: NodeJS.Timeout | undefined
    const next = () => {
      clearTimeout(timer)
      if (this.#isClosed || this.#connections.size > 0) return
      const address = left.pop()
      if (address !== undefined) {
        underWay++
        timer = setTimeout(next, seedDelayMs)
        // The sockets and the tick keep the process alive; a spare timer must not.
        timer.unref()
        this.#connect(address, undefined, failure => {
          underWay--
          if (reason === undefined || reason.code === 'UNREACHABLE') reason = failure
          next()
        })
      } else if (underWay === 0) {
        this.#step({ type: 'unreachable', failure: unreachable(this.#reach.cluster, reason) })
      }
    }
    next()
  }

  /** `onFailed` is called where the connection ends without a proof. */
  #connect(
    address: Address,
    expected: NodeId | undefined,
    onFailed: (failure: Failure) => void,
  ): void {
    let proved: NodeId | undefined
    const connection: Connection = new Connection({
      address,
      cluster: this.#cluster,
      expected,
      network: this.#reach.secret.network,
      operator: this.#operator,
      onProved: (node, cluster) => {
        if (this.#cluster !== undefined && this.#cluster !== cluster) return connection.destroy()
        proved = node
        this.#cluster = cluster
        this.#admit(node, connection)
      },
      onReply: reply => {
        if (proved !== undefined) this.#step({ type: 'reply', from: proved, reply })
      },
      onClosed: failure => {
        this.#open.delete(connection)
        if (this.#open.size === 0) this.#onAllClosed?.()
        if (this.#isClosed) return
        if (proved === undefined) onFailed(failure)
        else this.#lose(proved, connection, failure)
      },
    })
    this.#open.add(connection)
  }

  /** One connection a node: of two that were dialled at once the second is not needed. */
  #admit(node: NodeId, connection: Connection): void {
    if (this.#isClosed || this.#connections.has(node)) return connection.destroy()
    this.#connections.set(node, connection)
    this.#step({ type: 'connected', node })
  }

  #lose(node: NodeId, connection: Connection, failure: Failure): void {
    if (this.#connections.get(node) !== connection) return
    this.#connections.delete(node)
    this.#step({ type: 'disconnected', node, failure })
  }

  // -- time --

  /** Ticks while calls are in flight, and keeps the process alive just as long. */
  #tickWhileNeeded(): void {
    if (this.#session.inFlight > 0) this.#timer ??= setInterval(() => this.#tick(), tickMs)
    else if (this.#timer !== undefined) {
      clearInterval(this.#timer)
      this.#timer = undefined
    }
  }

  #tick(): void {
    for (const connection of this.#connections.values()) connection.check(performance.now())
    this.#step({ type: 'tick' })
  }
}

function now(): Instant {
  return after(0 as Instant, performance.now())
}

/** A refusal says more than silence. */
function unreachable(cluster: string, reason: Failure | undefined): Failure {
  const code = reason?.code ?? 'UNREACHABLE'
  const message = `no node of ${cluster} answers (${reason?.message ?? 'it has no address'})`
  return { code, message, outcome: nothingDone(0) }
}

function causeOf(failure: Failure, signal: AbortSignal | undefined): unknown {
  return failure.code === 'CANCELLED' ? signal?.reason : undefined
}

function shuffled<Item>(items: readonly Item[]): Item[] {
  const keyed = items.map(item => ({ item, at: randomBinary(4) }))
  keyed.sort((a, b) => (a.at < b.at ? -1 : 1))
  return keyed.map(({ item }) => item)
}

const tickMs = 20
/** How long one address is waited for before the next one is tried beside it. */
const seedDelayMs = 100
