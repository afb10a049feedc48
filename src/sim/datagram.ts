/**
 * Messages each on its own, through the real codec: lost, late, twice, in another order. Stricter
 * than TCP, so that no proof rests on it. Whether a peer is there is the host's guess, made from
 * what gets through, and late.
 */
import { mutant, sometimes } from '#mutants'
import { holderOfClient } from '../core/holdings.ts'
import type { NodeId } from '../core/ids.ts'
import type { ClientReply, ClientRequest, PeerMessage } from '../core/message.ts'
import { isAnswerType } from '../core/message-class.ts'
import type { Unsent } from '../core/unsent.ts'
import {
  decodeClientReply,
  decodeClientRequest,
  decodePeerMessage,
  writeMessage,
} from '../wire/message-codec.ts'
import { Writer } from '../wire/pack.ts'
import { isMalformed } from '../wire/read.ts'
import type { SimClient } from './client.ts'
import type { Context, Transport } from './context.ts'
import type { Draw } from './draw.ts'
import type { Micros } from './events.ts'
import type { Cut } from './faults.ts'
import type { Machine } from './machine.ts'
import type { Pair, Side } from './network.ts'

/** What one side thinks of another. */
type Guess = {
  connected: boolean
  /** Since when it looks different, and how long it must. */
  doubtSince: Micros | undefined
  patience: Micros
}

type Held = { readonly pair: Pair; readonly side: Side; readonly run: () => void }

export class DatagramTransport implements Transport {
  readonly #context: Context
  readonly #luck: Draw
  readonly #outbox = new Map<NodeId, (() => void)[]>()
  readonly #guesses = new Map<string, Map<NodeId, Guess>>()
  readonly #writer = new Writer()
  #held: Held[] = []

  constructor(context: Context) {
    this.#context = context
    this.#luck = context.draws.of('net/patience')
    context.network.onChange(() => this.#pump())
  }

  tick = (machine: Machine): void => {
    for (const { id } of this.#context.members) {
      if (id === machine.id) continue
      const guess = this.#guessOf(machine.id, id)
      if (!this.#turns(machine.id, id, guess)) continue
      const type = guess.connected ? 'connected' : 'disconnected'
      machine.process?.input({ type, node: id })
    }
  }

  send = (machine: Machine, to: NodeId, message: PeerMessage): Unsent | undefined => {
    const bytes = this.#encode(message)
    if (bytes.length > this.#context.limits.frameBytes) {
      return mutant(710) ? undefined : 'too-large'
    }
    this.#context.notice({ type: 'queued', node: machine.id, to, message })
    this.#gather(machine, () => {
      this.#travel(machine.id, to, message.type, bytes, () => {
        const process = this.#context.machines.get(to)?.process
        process?.deliver(machine.id, () => {
          const heard = decodePeerMessage(bytes)
          if (isMalformed(heard)) this.#malformed(to, machine.id, heard.malformed)
          else process.message(machine.id, heard)
        })
      })
    })
    return undefined
  }

  flush = (machine: Machine): void => {
    const gathered = this.#outbox.get(machine.id)
    if (gathered === undefined) return
    this.#outbox.delete(machine.id)
    for (const run of gathered) run()
  }

  ended = (machine: Machine): void => {
    this.#outbox.delete(machine.id)
    this.#guesses.delete(machine.id)
  }

  /** Both sides believe for a while that the other one is gone. */
  reset = ({ from, to }: Cut): void => {
    for (const [a, b] of [
      [from, to],
      [to, from],
    ] as const) {
      const guess = this.#guesses.get(a)?.get(b as NodeId)
      if (guess?.connected !== true) continue
      const machine = this.#context.machines.get(a as NodeId)
      // Only once it is heard: else a slow process would hear first that the other is back.
      machine?.process?.deliver(b, () => {
        if (!guess.connected) return
        guess.connected = false
        machine.process?.input({ type: 'disconnected', node: b as NodeId })
      })
    }
  }

  connect = (client: SimClient, node: NodeId): void => {
    const { network, events } = this.#context
    const rtt = network.latency(network.pair(client.id, node)) + 1000
    const reachable = this.#isThere(client.id, node)
    events.after(reachable ? rtt : connectMicros, () => {
      if (!reachable || !this.#isThere(client.id, node)) return client.disconnected(node)
      this.#guessOf(client.id, node).connected = true
      client.connected(node)
    })
  }

  ask = (client: SimClient, node: NodeId, request: ClientRequest): void => {
    const bytes = this.#encode(request)
    this.#travel(client.id, node, request.type, bytes, () => {
      const machine = this.#context.machines.get(node)
      machine?.process?.deliver(client.id, () => this.#heardRequest(machine, client, bytes))
    })
  }

  clientTick = (client: SimClient): void => {
    for (const [node, guess] of this.#guesses.get(client.id) ?? []) {
      if (guess.connected && this.#turns(client.id, node, guess)) client.disconnected(node)
    }
  }

  #heardRequest(machine: Machine, client: SimClient, bytes: Uint8Array): void {
    const heard = decodeClientRequest(bytes)
    if (isMalformed(heard)) return this.#malformed(machine.id, client.id, heard.malformed)
    const answer = (reply: ClientReply) => this.#answer(machine, client, reply)
    machine.process?.request({ holder: holderOfClient(client.id), answer }, heard)
  }

  #answer(machine: Machine, client: SimClient, reply: ClientReply): Unsent | undefined {
    const bytes = this.#encode(reply)
    if (bytes.length > this.#context.limits.frameBytes) return 'too-large'
    this.#gather(machine, () => {
      this.#travel(machine.id, client.id, reply.type, bytes, () => {
        const heard = decodeClientReply(bytes)
        if (isMalformed(heard)) this.#malformed(client.id, machine.id, heard.malformed)
        else client.reply(machine.id, heard)
      })
    })
    return undefined
  }

  #encode(message: PeerMessage | ClientRequest | ClientReply): Uint8Array {
    writeMessage(this.#writer, message)
    return this.#writer.take()
  }

  #gather(machine: Machine, run: () => void): void {
    const gathered = this.#outbox.get(machine.id)
    if (gathered === undefined) this.#outbox.set(machine.id, [run])
    else gathered.push(run)
    machine.process?.planTurn()
  }

  #travel(from: string, to: string, type: string, bytes: Uint8Array, arrive: () => void): void {
    const { network, events, trace } = this.#context
    const pair = network.pair(from, to)
    trace.add(events.now, `${from}>${to} ${type}`, bytes)
    if (network.isCut(pair, type) || network.isLost(pair)) return
    if (pair.inFlight >= network.capacity) return sometimes('a link is full')
    const copies = network.isTwice(pair, type) ? 2 : 1
    if (copies === 2) sometimes('a message arrives twice')
    for (let copy = 0; copy < copies; copy++) this.#fly(pair, type, arrive)
  }

  #fly(pair: Pair, type: string, arrive: () => void): void {
    const { network, events, notice } = this.#context
    const sentAt = events.now
    pair.inFlight++
    const landed = () => {
      pair.inFlight--
      if (network.isCut(pair, type)) return
      notice({ type: 'delivered', from: pair.from, to: pair.to, message: type, sentAt })
      arrive()
    }
    events.after(network.latency(pair), () => {
      const side = isAnswerType(type) ? 'answers' : 'requests'
      if (network.isHeld(pair, side)) this.#held.push({ pair, side, run: landed })
      else landed()
    })
  }

  #pump(): void {
    const { network, events } = this.#context
    const held = this.#held
    this.#held = []
    for (const one of held) {
      if (network.isHeld(one.pair, one.side)) this.#held.push(one)
      else events.after(0, one.run)
    }
  }

  #guessOf(from: string, to: NodeId): Guess {
    let row = this.#guesses.get(from)
    if (row === undefined) {
      row = new Map()
      this.#guesses.set(from, row)
    }
    let guess = row.get(to)
    if (guess === undefined) {
      guess = { connected: false, doubtSince: undefined, patience: 0 }
      row.set(to, guess)
    }
    return guess
  }

  /** Changes a guess that was wrong for long enough; true where it did. */
  #turns(from: string, to: NodeId, guess: Guess): boolean {
    const { now } = this.#context.events
    if (this.#isThere(from, to) === guess.connected) {
      guess.doubtSince = undefined
      return false
    }
    if (guess.doubtSince === undefined) {
      guess.doubtSince = now
      guess.patience = this.#luck.below(guess.connected ? 2_000_000 : 100_000)
      return false
    }
    if (now - guess.doubtSince < guess.patience) return false
    guess.doubtSince = undefined
    guess.connected = !guess.connected
    return true
  }

  #isThere(from: string, to: NodeId): boolean {
    const { network, machines } = this.#context
    if (machines.get(to)?.process === undefined) return false
    return !network.isCut(network.pair(from, to)) && !network.isCut(network.pair(to, from))
  }

  #malformed(at: string, from: string, reason: string): void {
    this.#context.notice({ type: 'malformed', at, from, reason })
  }
}

const connectMicros = 1_000_000
