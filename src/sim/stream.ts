/**
 * Connections as TCP makes them: bytes in order, each once, until a reset loses what was under
 * way. Both ends are real channels with the real handshake. A member's requests leave on its own
 * connection and are answered on the same one (as in `src/node/peers.ts`).
 */
import { mutant, sometimes } from '#mutants'
import { holderOfClient } from '../core/holdings.ts'
import type { NodeId } from '../core/ids.ts'
import type { ClientReply, ClientRequest, PeerMessage } from '../core/message.ts'
import { isAsked } from '../core/message-class.ts'
import type { Unsent } from '../core/unsent.ts'
import type { ChannelEvent } from '../wire/channel.ts'
import { isPeerMessage } from '../wire/message-codec.ts'
import { acceptedChannel, clientChannel, peerChannel } from './channels.ts'
import type { SimClient } from './client.ts'
import type { Context, Transport } from './context.ts'
import type { Draw } from './draw.ts'
import type { Micros } from './events.ts'
import type { Cut } from './faults.ts'
import { Link, type LinkEnd, type Sent } from './link.ts'
import type { Machine } from './machine.ts'

/** A member's connection to another one. */
type Outgoing = {
  link: Link | undefined
  end: LinkEnd<PeerMessage, PeerMessage> | undefined
  dialling: boolean
  proved: boolean
  failures: number
  dialAt: Micros
}

type Incoming = LinkEnd<PeerMessage | ClientRequest, PeerMessage | ClientReply>
type ClientEnd = LinkEnd<ClientReply, ClientRequest>

export class StreamTransport implements Transport {
  readonly #context: Context
  readonly #links = new Set<Link>()
  readonly #outgoing = new Map<NodeId, Map<NodeId, Outgoing>>()
  /** The newest proved connection that each member made to each node. */
  readonly #incoming = new Map<NodeId, Map<NodeId, Incoming>>()
  readonly #clients = new Map<string, Map<NodeId, ClientEnd>>()
  /** Ends with output for the end of the turn. */
  readonly #touched = new Map<NodeId, Set<{ readonly flush: () => void }>>()
  readonly #patience: Draw
  #lastLink = 0

  constructor(context: Context) {
    this.#context = context
    this.#patience = context.draws.of('net/patience')
    context.network.onChange(() => this.#networkChanged())
  }

  tick = (machine: Machine): void => {
    const { now } = machine
    for (const { id } of this.#context.members) {
      if (id === machine.id) continue
      const out = this.#outgoingOf(machine.id, id)
      if (out.link === undefined && !out.dialling && now >= out.dialAt) {
        this.#dial(machine, id, out)
      } else if (out.end !== undefined) this.#watch(out.end, machine)
    }
  }

  send = (machine: Machine, to: NodeId, message: PeerMessage): Unsent | undefined => {
    const { behindBytes } = this.#context.limits
    const isRequest = isAsked(message)
    const end = isRequest ? this.#provedTo(machine.id, to) : this.#incoming.get(machine.id)?.get(to)
    const before = end?.channel.queuedBytes ?? 0
    const why = unsentOf(end?.send(message, isRequest ? behindBytes : repliesBehind * behindBytes))
    if ((end?.channel.queuedBytes ?? 0) > before) {
      this.#context.notice({ type: 'queued', node: machine.id, to, message })
    }
    return why === 'too-large' && mutant(710) ? undefined : why
  }

  flush = (machine: Machine): void => {
    const touched = this.#touched.get(machine.id)
    if (touched === undefined) return
    this.#touched.delete(machine.id)
    for (const end of touched) end.flush()
  }

  ended = (machine: Machine): void => {
    this.#touched.delete(machine.id)
    this.#outgoing.delete(machine.id)
    this.#incoming.delete(machine.id)
    for (const link of this.#links) {
      if (link.from === machine.id) link.endedBy('dialled')
      else if (link.to === machine.id) link.endedBy('accepted')
    }
  }

  reset = ({ from, to }: Cut, torn: boolean): void => {
    for (const link of this.#links) {
      const same = link.from === from && link.to === to
      if (same || (link.from === to && link.to === from)) link.reset(torn)
    }
  }

  connect = (client: SimClient, node: NodeId): void => {
    this.#open(client.id, node, {
      failed: () => client.disconnected(node),
      opened: link => {
        const channel = clientChannel(this.#context, client, node)
        const end: ClientEnd = link.dial(channel, {
          deliver: run => run(),
          onEvent: event => this.#clientHeard(client, node, end, event),
          onClosed: () => this.#clientLost(client, node, end),
        })
        end.flush()
      },
    })
  }

  ask = (client: SimClient, node: NodeId, request: ClientRequest): void => {
    const end = this.#clients.get(client.id)?.get(node)
    end?.send(request)
    end?.flush()
  }

  clientTick = (client: SimClient): void => {
    const nowMs = this.#context.events.now / 1000
    for (const end of this.#clients.get(client.id)?.values() ?? []) {
      if (end.channel.overdue(nowMs) !== undefined) end.close()
    }
  }

  // -- members --

  /** The end of its own connection to another member, once that is proved. */
  #provedTo(from: NodeId, to: NodeId): Outgoing['end'] {
    const { proved, end } = this.#outgoingOf(from, to)
    return proved ? end : undefined
  }

  #outgoingOf(from: NodeId, to: NodeId): Outgoing {
    let row = this.#outgoing.get(from)
    if (row === undefined) {
      row = new Map()
      this.#outgoing.set(from, row)
    }
    let out = row.get(to)
    if (out === undefined) {
      out = newOutgoing()
      row.set(to, out)
    }
    return out
  }

  #dial(machine: Machine, to: NodeId, out: Outgoing): void {
    const { process } = machine
    out.dialling = true
    const failed = () => process?.deliver(`dial ${to}`, () => this.#lost(machine, to, out))
    this.#open(machine.id, to, {
      failed,
      opened: link => {
        if (process === undefined || process.ended) return link.endedBy('dialled')
        out.dialling = false
        out.link = link
        const end: LinkEnd<PeerMessage, PeerMessage> = link.dial(
          peerChannel(this.#context, machine, to),
          {
            deliver: run => process.deliver(`link ${link.id}`, run),
            onEvent: event => this.#peerHeard(machine, to, out, event),
            onClosed: () => this.#lost(machine, to, out),
            touch: () => this.#touch(machine, end),
          },
        )
        out.end = end
        end.flush()
      },
    })
  }

  #peerHeard(machine: Machine, to: NodeId, out: Outgoing, event: ChannelEvent<PeerMessage>): void {
    if (event.type === 'proved') {
      out.proved = true
      out.failures = 0
      const link = out.link?.id ?? 0
      this.#context.notice({ type: 'link-proved', link, node: machine.id, to })
      machine.process?.input({ type: 'connected', node: to })
    } else if (event.type === 'message') machine.process?.message(to, event.message)
    else this.#fail(machine.id, to, out.end, event)
  }

  #lost(machine: Machine, to: NodeId, out: Outgoing): void {
    const wasProved = out.proved
    out.link = undefined
    out.end = undefined
    out.dialling = false
    out.proved = false
    out.failures++
    const pause = Math.min(longestPause, firstPause * 2 ** Math.min(out.failures - 1, 10))
    out.dialAt = machine.now + pause - machine.pace.below(Math.floor(pause / 2))
    if (wasProved) machine.process?.input({ type: 'disconnected', node: to })
  }

  /** A channel is dead: said, and closed with what it had still to say. */
  #fail(
    at: string,
    from: string,
    end: { readonly close: () => void } | undefined,
    event: ChannelEvent<object>,
  ): void {
    if (event.type === 'malformed') {
      this.#context.notice({ type: 'malformed', at, from, reason: event.reason })
    }
    end?.close()
  }

  #watch(end: NonNullable<Outgoing['end']>, machine: Machine): void {
    const nowMs = machine.now / 1000
    if (end.channel.overdue(nowMs) !== undefined) end.close()
  }

  // -- the side that accepts --

  #accept(link: Link): void {
    const machine = this.#context.machines.get(link.to)
    const process = machine?.process
    if (machine === undefined || process === undefined) return
    const end: Incoming = link.accept(acceptedChannel(this.#context, machine), {
      deliver: run => process.deliver(`link ${link.id}`, run),
      onEvent: event => this.#acceptedHeard(machine, link, end, event),
      onClosed: () => {
        const members = this.#incoming.get(machine.id)
        if (members?.get(link.from as NodeId) === end) members.delete(link.from as NodeId)
      },
      touch: () => this.#touch(machine, end),
    })
  }

  #acceptedHeard(
    machine: Machine,
    link: Link,
    end: Incoming,
    event: ChannelEvent<PeerMessage | ClientRequest>,
  ): void {
    const { process } = machine
    if (process === undefined) return
    if (event.type === 'proved') {
      if (event.proved.side === 'server' && event.proved.hello.role === 'peer') {
        this.#welcome(machine, link.from as NodeId, end)
      }
    } else if (event.type !== 'message') this.#fail(machine.id, link.from, end, event)
    else if (isPeerMessage(event.message)) process.message(link.from as NodeId, event.message)
    else {
      const answer = (reply: ClientReply) => unsentOf(end.send(reply))
      process.request({ holder: holderOfClient(link.from), answer }, event.message)
    }
  }

  #welcome(machine: Machine, from: NodeId, end: Incoming): void {
    let members = this.#incoming.get(machine.id)
    if (members === undefined) {
      members = new Map()
      this.#incoming.set(machine.id, members)
    }
    // As the real listener does: an older one that is proved late would else take every answer.
    const older = members.get(from)
    members.set(from, end)
    if (older !== end) older?.close()
    const out = this.#outgoingOf(machine.id, from)
    if (out.link === undefined) out.dialAt = 0
  }

  #touch(machine: Machine, end: { readonly flush: () => void }): void {
    const touched = this.#touched.get(machine.id)
    if (touched === undefined) this.#touched.set(machine.id, new Set([end]))
    else touched.add(end)
    machine.process?.planTurn()
  }

  // -- clients --

  #clientHeard(
    client: SimClient,
    node: NodeId,
    end: ClientEnd,
    event: ChannelEvent<ClientReply>,
  ): void {
    if (event.type === 'message') return client.reply(node, event.message)
    if (event.type !== 'proved') return this.#fail(client.id, node, end, event)
    let ends = this.#clients.get(client.id)
    if (ends === undefined) {
      ends = new Map()
      this.#clients.set(client.id, ends)
    }
    if (ends.has(node)) return end.close()
    ends.set(node, end)
    end.flush()
    client.connected(node)
  }

  #clientLost(client: SimClient, node: NodeId, end: ClientEnd): void {
    const ends = this.#clients.get(client.id)
    if (ends?.get(node) === end) {
      ends.delete(node)
      client.disconnected(node)
    } else if (ends?.has(node) !== true) client.disconnected(node)
  }

  // -- connections --

  /** Tries to reach a node: the far kernel accepts where a process listens, stopped or not. */
  #open(
    from: string,
    to: NodeId,
    then: { readonly opened: (link: Link) => void; readonly failed: () => void },
  ): void {
    const { network, events, machines } = this.#context
    const there = network.pair(from, to)
    const back = network.pair(to, from)
    const giveUp = () => events.after(connectMicros, then.failed)
    if (network.isCut(there) || network.isCut(back)) return giveUp()
    events.after(network.latency(there), () => {
      if (network.isCut(there) || network.isCut(back)) return giveUp()
      if (machines.get(to)?.process === undefined) {
        return events.after(network.latency(back), then.failed)
      }
      const link = new Link(++this.#lastLink, from, to, this.#context, () => {
        this.#links.delete(link)
      })
      this.#links.add(link)
      this.#accept(link)
      events.after(network.latency(back), () => then.opened(link))
    })
  }

  #networkChanged(): void {
    for (const link of this.#links) {
      link.pump()
      if (!link.isCut || link.losingPatience) continue
      link.losingPatience = true
      const patience = this.#patience.between(300_000, 6_000_000)
      this.#context.events.after(patience, () => {
        link.losingPatience = false
        if (!link.isCut) return
        sometimes('a connection is given up in a partition')
        link.reset(false)
      })
    }
  }
}

function unsentOf(sent: Sent = 'closed'): Unsent | undefined {
  if (sent === 'queued') return undefined
  return sent === 'closed' ? 'gone' : sent
}

function newOutgoing(): Outgoing {
  return {
    link: undefined,
    end: undefined,
    dialling: false,
    proved: false,
    failures: 0,
    dialAt: 0,
  }
}

/** Replies may lie unread for so much more than requests, as in `src/node/inbox.ts`. */
const repliesBehind = 8
const connectMicros = 1_000_000
const firstPause = 50_000
const longestPause = 1_000_000
