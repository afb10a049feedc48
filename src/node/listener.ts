/**
 * The one port of a node, for members and clients alike: accepts, lets in who proves itself,
 * and closes what is malformed, slow or too much (`security.md` §2.3, §2.4).
 */
import { createServer, type Server, type Socket } from 'node:net'
import { holderOfClient } from '../core/holdings.ts'
import type { Instant, NodeId } from '../core/ids.ts'
import { membersMax } from '../core/membership/view.ts'
import type { ClientRequest, PeerMessage } from '../core/message.ts'
import {
  type GossipAnswer,
  isGossipAsk,
  isPeerRequest,
  type PeerAsk,
  type PeerReply,
} from '../core/message-class.ts'
import { type Failure, nothingDone } from '../core/outcome.ts'
import { refusalOf, type Unsent } from '../core/unsent.ts'
import { connectionsMax, operatorsMax, unprovedMax } from '../wire/bounds.ts'
import type { ChannelEvent } from '../wire/channel.ts'
import { clientIn, type Hello, type Refusal } from '../wire/hello.ts'
import { isPeerMessage } from '../wire/message-codec.ts'
import type { Admit, IncomingChannel } from './channels.ts'
import type { ClientRoom } from './client-room.ts'
import type { Flushable } from './connection.ts'
import type { Counters } from './counters.ts'
import type { Faults } from './faults.ts'
import type { Inbox } from './inbox.ts'
import { Incoming } from './incoming.ts'
import type { Log } from './log.ts'
import { Places, placeOf } from './places.ts'

/** Who has not taken what waited for it within this time is hung up on. */
const stalledMs = 10_000
/** More sockets than all that have a place: members are in no other bound than their number. */
const socketsMax = connectionsMax + operatorsMax + unprovedMax + 2 * membersMax
/** Past so many bytes that a node has not taken, it gets no gossip on top. */
const gossipBehindMax = 4 * 1024 * 1024
const noMember: Failure = {
  code: 'STALE_VIEW',
  message: 'the asking node is no member of the cluster',
  outcome: nothingDone(0),
}

export type ListenerHost = {
  readonly self: NodeId
  readonly isMember: (node: NodeId) => boolean
  /** A node has proved itself on a connection of its own. */
  readonly onMember: (node: NodeId) => void
  /** Gossip of a node, which need not be a member. */
  readonly onGossip: (from: NodeId, message: PeerAsk) => void
  readonly touch: (connection: Flushable) => void
  /** A new channel's side that accepts; `admit` has the last word over a proved hello. */
  readonly channel: (admit: Admit) => IncomingChannel
  readonly inbox: Inbox
  readonly room: ClientRoom
  readonly faults: Faults
  readonly log: Log
  readonly counters: Counters
}

export class Listener {
  readonly #host: ListenerHost
  readonly #server: Server
  /** Oldest first. */
  readonly #unproved = new Set<Incoming>()
  readonly #proved = new Set<Incoming>()
  readonly #members = new Map<NodeId, Incoming>()
  readonly #places = new Places()
  /** Clients that do not name themselves: each connection is one. */
  #nameless = 0
  #stopping = false

  constructor(host: ListenerHost) {
    this.#host = host
    this.#server = createServer({ noDelay: true }, socket => this.#accept(socket))
    this.#server.maxConnections = socketsMax
  }

  /** Binds and returns the port. Rejects with the system's error (`EADDRINUSE`). */
  listen(host: string, port: number): Promise<number> {
    const server = this.#server
    return new Promise((resolve, reject) => {
      server.once('error', reject)
      server.listen({ host, port }, () => {
        server.off('error', reject)
        server.on('error', problem => this.#host.log.error('listen', { text: problem.message }))
        const address = server.address()
        resolve(typeof address === 'object' && address !== null ? address.port : port)
      })
    })
  }

  /** Proved connections, members' and clients'. */
  get connections(): number {
    return this.#proved.size
  }

  /** Sends a reply to a member on the connection that it sends its requests on, or says why not. */
  answer(to: NodeId, reply: PeerReply): Unsent | undefined {
    return this.#host.inbox.answer(this.#members.get(to), reply)
  }

  /** Sends gossip back to a node on the connection that it asked on; a hog gets none. */
  answerGossip(to: NodeId, answer: GossipAnswer): Unsent | undefined {
    const connection = this.#members.get(to)?.connection
    const isBehind = connection !== undefined && connection.bytesBehind >= gossipBehindMax
    const sent = isBehind ? 'behind' : (connection?.send(answer) ?? 'closed')
    if (sent === 'queued') return undefined
    this.#host.counters.droppedReplies++
    return sent === 'closed' ? 'gone' : sent
  }

  /** Closes what is late; every 100 ms or so. */
  sweep(now: Instant): void {
    for (const incoming of this.#unproved) closeLate(incoming, now)
    for (const incoming of this.#proved) closeLate(incoming, now)
    this.#host.inbox.sweep(now)
  }

  /** Accepts nobody and begins nothing for clients from now on; what is in flight may end. */
  stopAccepting(): void {
    this.#stopping = true
    this.#server.close()
    for (const { connection } of this.#unproved) connection.destroy('this node stops')
    this.#host.inbox.close()
  }

  /** Ends every connection, unread: whoever still wants something dials again. */
  hangUp(reason: string): void {
    for (const { connection } of this.#unproved) connection.destroy(reason)
    for (const { connection } of this.#proved) connection.destroy(reason)
  }

  /** Fails what clients still wait for, and hangs up everywhere. */
  stop(failure: Failure): void {
    this.#host.inbox.failAll(failure)
    for (const { connection } of this.#proved) connection.close('this node stops')
  }

  #accept(socket: Socket): void {
    const channel = this.#host.channel(hello => this.#objection(hello))
    const incoming: Incoming = new Incoming(socket, channel, {
      onEvent: event => this.#onEvent(incoming, event),
      onClosed: () => this.#onClosed(incoming),
      touch: this.#host.touch,
      onReceived: () => this.#host.room.received(incoming),
    })
    this.#unproved.add(incoming)
    if (this.#unproved.size <= unprovedMax) return
    for (const oldest of this.#unproved) {
      this.#unproved.delete(oldest)
      oldest.connection.destroy('too many without proof')
      return
    }
  }

  /** What speaks against a proved hello (design §5: no second start of one node). */
  #objection({ role, self }: Hello): Refusal | undefined {
    if (this.#stopping) return { code: 'busy', text: 'this node stops' }
    const node = role === 'peer' ? self?.node : undefined
    const noPlace = this.#places.objection(placeOf(role, this.#isMember(node)))
    if (noPlace !== undefined || self === undefined || node === undefined) return noPlace
    const other = this.#members.get(self.node)
    const isSecond = other !== undefined && other.proved?.start !== self.start
    if (self.node !== this.#host.self && !isSecond) return undefined
    return { code: 'duplicate-start', text: `another start of ${self.node} is connected` }
  }

  #onEvent(incoming: Incoming, event: ChannelEvent<PeerMessage | ClientRequest>): void {
    const { counters, log } = this.#host
    const from = incoming.name
    switch (event.type) {
      case 'proved':
        if (event.proved.side === 'server') this.#admit(incoming, event.proved.hello)
        return
      case 'message':
        this.#receive(incoming, event.message)
        return
      case 'refused': {
        const { code, text } = event.refusal
        counters.refusedHellos++
        log.warnOnce('refused', { from, by: event.by, code, text })
        incoming.connection.close(text)
        return
      }
      case 'malformed':
        counters.malformed++
        log.warnOnce('malformed', { from, reason: event.reason })
        incoming.connection.close(event.reason)
    }
  }

  #admit(incoming: Incoming, hello: Hello): void {
    const { role, self } = hello
    const member = role === 'peer' ? self?.node : undefined
    if (member !== undefined && this.#host.faults.cuts(member)) {
      return incoming.connection.destroy('cut off on purpose')
    }
    this.#unproved.delete(incoming)
    this.#proved.add(incoming)
    const place = placeOf(role, this.#isMember(member))
    this.#places.enter(place)
    incoming.proved = { member, start: self?.start, place }
    if (place !== 'member') {
      incoming.holder = holderOfClient(member ?? clientIn(hello) ?? `${++this.#nameless}`)
    }
    this.#host.inbox.enter(incoming)
    if (member === undefined) return
    incoming.connection.gate = this.#host.faults.gateTo(member)
    const older = this.#members.get(member)
    this.#members.set(member, incoming)
    older?.connection.destroy('the same node has dialled again')
    this.#host.onMember(member)
  }

  /**
   * On a node's connection come its requests and gossip, on a client's a client's; nothing else.
   * A node that is no member is gossiped with, and told so whatever else it asks.
   */
  #receive(incoming: Incoming, message: PeerMessage | ClientRequest): void {
    const node = incoming.proved?.member
    if (node !== undefined && isGossipAsk(message)) return this.#host.onGossip(node, message)
    const isRequest = !isPeerMessage(message) || isPeerRequest(message)
    if (isRequest && isPeerMessage(message) && !this.#isMember(node)) {
      incoming.connection.send(refusalOf(message, noMember))
      return
    }
    if (isRequest && this.#host.inbox.take(incoming, message)) return
    const reason = isRequest ? 'a request number that is in use' : 'a reply without a request'
    this.#host.counters.malformed++
    this.#host.log.warnOnce('malformed', { from: incoming.name, reason })
    incoming.connection.close(reason)
  }

  #isMember(node: NodeId | undefined): boolean {
    return node !== undefined && this.#host.isMember(node)
  }

  #onClosed(incoming: Incoming): void {
    this.#unproved.delete(incoming)
    if (!this.#proved.delete(incoming)) return
    const { member, place } = incoming.proved ?? {}
    if (place !== undefined) this.#places.leave(place)
    if (member !== undefined && this.#members.get(member) === incoming) {
      this.#members.delete(member)
    }
    this.#host.inbox.leave(incoming)
  }
}

function closeLate({ connection }: Incoming, now: Instant): void {
  const late = connection.channel.overdue(now, !connection.paused)
  if (late !== undefined) connection.close(late)
  else if (connection.isTooSlow(now, stalledMs)) connection.destroy('it takes nothing')
}
