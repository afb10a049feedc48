/**
 * This node's own connections to every other member: it sends its requests on them and gets the
 * replies back on the same one. Each is dialled again for ever with a growing pause; only a
 * finished handshake ends the pause, because a stopped process accepts connections, too
 * (`reliability-store-wire.md` §3).
 */
import { connect, type Socket } from 'node:net'
import type { Instant, NodeId } from '../core/ids.ts'
import type { PeerMessage } from '../core/message.ts'
import { isAsked, type PeerAsk } from '../core/message-class.ts'
import type { Input, PeerAddress } from '../core/step.ts'
import type { Unsent } from '../core/unsent.ts'
import type { ChannelEvent } from '../wire/channel.ts'
import type { OutgoingChannel } from './channels.ts'
import { Connection, type Flushable } from './connection.ts'
import type { Counters } from './counters.ts'
import type { Faults } from './faults.ts'
import type { Log } from './log.ts'

/** What waits for a member that does not read: past it nothing is sent (§2.4, §3). */
const behindBytesMax = 4 * 1024 * 1024
const behindFramesMax = 1000
const connectMs = 1000
/** A member that accepts and says nothing (a stopped process) is not waited for any longer. */
const firstDialsMs = 1000
/** A member that has not taken what waited for it within this time is hung up on. */
const stalledMs = 5000
const firstPauseMs = 50
const longestPauseMs = 1000

export type PeersHost = {
  readonly input: (input: Input) => void
  readonly touch: (connection: Flushable) => void
  readonly now: () => Instant
  /** A new channel that dials this member; the hello expects it to answer by its name. */
  readonly channelTo: (member: PeerAddress, now: Instant) => OutgoingChannel
  readonly faults: Faults
  readonly log: Log
  readonly counters: Counters
}

type PeerConnection = Connection<PeerMessage, PeerMessage>

/** One member and the state of the connection to it. */
type Link = {
  readonly member: PeerAddress
  socket: Socket | undefined
  connection: PeerConnection | undefined
  proved: boolean
  since: number
  failures: number
  dialAt: number
  /** Forgotten: whatever becomes of its socket is nobody's business. */
  gone: boolean
  /** Called when a dial has ended, proved or failed; only the first call counts. */
  readonly dialled: () => void
}

export class Peers {
  readonly #host: PeersHost
  readonly #links = new Map<NodeId, Link>()
  #firstDials: Promise<unknown> | undefined
  #stopped = false

  constructor(host: PeersHost) {
    this.#host = host
  }

  /** From now on there is a connection, or the attempt, to each of these, and to nobody else. */
  keep(peers: readonly PeerAddress[]): void {
    const wanted = new Map(peers.map(peer => [peer.id, peer]))
    for (const [id, link] of this.#links) {
      const peer = wanted.get(id)
      if (peer?.host === link.member.host && peer.port === link.member.port) wanted.delete(id)
      else this.#forget(link)
    }
    const dials = [...wanted.values()].map(member => {
      return new Promise<void>(dialled => this.#links.set(member.id, newLink(member, dialled)))
    })
    this.#firstDials ??= Promise.all(dials)
  }

  /** Resolves once the first dial to each member has ended, proved or failed, or after a second. */
  async firstDials(): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise(resolve => {
      timer = setTimeout(resolve, firstDialsMs)
    })
    await Promise.race([this.#firstDials, late])
    clearTimeout(timer)
  }

  /** Members that answered the handshake of the connection that is open now. */
  connected(): readonly NodeId[] {
    return [...this.#links.values()].filter(link => link.proved).map(link => link.member.id)
  }

  /** Sends a request or gossip; returns why it did not leave. */
  send(to: NodeId, message: PeerAsk): Unsent | undefined {
    const link = this.#links.get(to)
    const connection = link?.proved === true ? link.connection : undefined
    const sent =
      connection === undefined || !connection.open
        ? 'closed'
        : isBehind(connection)
          ? 'behind'
          : connection.send(message)
    if (sent === 'queued') return undefined
    this.#host.counters.droppedSends++
    return sent === 'closed' ? 'gone' : sent
  }

  /** This member has just dialled us: it is up, so there is no reason to wait. */
  heardFrom(node: NodeId): void {
    const link = this.#links.get(node)
    if (link === undefined || link.socket !== undefined) return
    link.dialAt = Number.NEGATIVE_INFINITY
  }

  /** Dials what is due and hangs up on what hangs; about every 20 ms. */
  tick(now: Instant): void {
    if (this.#stopped) return
    const { faults } = this.#host
    for (const link of this.#links.values()) {
      if (link.socket === undefined) {
        if (now >= link.dialAt && !faults.cuts(link.member.id)) this.#dial(link, now)
      } else if (link.connection === undefined) {
        if (now - link.since > connectMs) link.socket.destroy()
      } else this.#watch(link.connection, now)
    }
  }

  /** Hangs up everywhere and dials no more. */
  stop(): void {
    this.#stopped = true
    for (const link of this.#links.values()) {
      link.connection?.close('this node stops')
      if (link.connection === undefined) link.socket?.destroy()
    }
  }

  #watch(connection: PeerConnection, now: Instant): void {
    const late = connection.channel.overdue(now)
    if (late !== undefined) connection.close(late)
    else if (connection.isTooSlow(now, stalledMs)) connection.destroy('it takes nothing')
  }

  #dial(link: Link, now: Instant): void {
    const { host, port } = link.member
    const socket = connect({ host, port, noDelay: true })
    link.socket = socket
    link.since = now
    const lost = () => this.#lost(link, 'no connection')
    socket.on('error', () => {})
    socket.once('close', lost)
    socket.once('connect', () => {
      socket.off('close', lost)
      const channel = this.#host.channelTo(link.member, this.#host.now())
      link.connection = new Connection(socket, channel, {
        onEvent: event => this.#onEvent(link, event),
        onClosed: reason => this.#lost(link, reason),
        touch: this.#host.touch,
      })
      link.connection.flush()
    })
  }

  #onEvent(link: Link, event: ChannelEvent<PeerMessage>): void {
    if (link.gone) return
    const node = link.member.id
    switch (event.type) {
      case 'proved':
        // Cut off while it was dialled.
        if (this.#host.faults.cuts(node)) return link.connection?.destroy('cut off on purpose')
        if (link.connection !== undefined) link.connection.gate = this.#host.faults.gateTo(node)
        link.proved = true
        link.failures = 0
        link.dialled()
        this.#host.log.info('connected', { peer: node })
        this.#host.input({ type: 'connected', node })
        return
      case 'message':
        if (isAsked(event.message)) {
          this.#hangUp(link, 'a request where only replies come')
        } else this.#host.input({ type: 'message', from: node, message: event.message })
        return
      case 'refused': {
        const { code, text } = event.refusal
        this.#host.log.warnOnce('refused', { peer: node, by: event.by, code, text })
        link.connection?.close(text)
        return
      }
      case 'malformed':
        this.#hangUp(link, event.reason)
    }
  }

  #hangUp(link: Link, reason: string): void {
    this.#host.counters.malformed++
    this.#host.log.warnOnce('malformed', { peer: link.member.id, reason })
    link.connection?.close(reason)
  }

  /** It is no peer any more, or listens elsewhere. */
  #forget(link: Link): void {
    this.#links.delete(link.member.id)
    link.gone = true
    link.connection?.close('it is no peer any more')
    if (link.connection === undefined) link.socket?.destroy()
    if (link.proved) this.#host.input({ type: 'disconnected', node: link.member.id })
  }

  #lost(link: Link, reason: string): void {
    if (link.gone) return
    const node = link.member.id
    const wasProved = link.proved
    link.socket = undefined
    link.connection = undefined
    link.proved = false
    link.failures++
    link.dialAt = this.#host.now() + pauseMs(link.failures)
    link.dialled()
    if (!wasProved) return
    this.#host.log.info('disconnected', { peer: node, reason })
    this.#host.input({ type: 'disconnected', node })
  }
}

function newLink(member: PeerAddress, dialled: () => void): Link {
  return {
    member,
    socket: undefined,
    connection: undefined,
    proved: false,
    since: 0,
    failures: 0,
    dialAt: Number.NEGATIVE_INFINITY,
    gone: false,
    dialled,
  }
}

function isBehind(connection: PeerConnection): boolean {
  // Much of one turn is no backlog: the kernel may take all of it.
  if (connection.framesBehind > behindFramesMax) connection.flush()
  return connection.bytesBehind > behindBytesMax || connection.framesBehind > behindFramesMax
}

/** Doubles from 50 ms to 1 s, with up to a half taken off, so that nodes do not dial in step. */
function pauseMs(failures: number): number {
  const whole = Math.min(longestPauseMs, firstPauseMs * 2 ** Math.min(failures - 1, 10))
  return whole * (1 - Math.random() / 2)
}
