/**
 * The nodes a client may talk to: which are connected, how busy each is with our requests, how
 * fast it answered lately, whether it has gone silent, and when it may be dialled again. Of the candidates two are drawn and
 * the better one taken (the power of two choices): nearly as good as asking the best, and no
 * herd runs to it.
 */
import { drawBelow, type Random } from '../draw.ts'
import { after, type Instant, type NodeId } from '../ids.ts'

export type Peer = {
  readonly id: NodeId
  state: 'connected' | 'dialling' | 'apart'
  inFlight: number
  /** Moving average over the answers (weight a quarter), as of `sampledAt`. */
  latencyMs: number
  sampledAt: Instant
  /** Waits for it that were too long, since it last answered; not asked again before then. */
  silences: number
  silentUntil: Instant
  /** Attempts since the last handshake. */
  failures: number
  dialAt: Instant
}

export class Peers {
  readonly #peers = new Map<NodeId, Peer>()
  readonly #random: Random
  connectedCount = 0

  constructor(random: Random) {
    this.#random = random
  }

  peer(id: NodeId): Peer {
    const known = this.#peers.get(id)
    if (known !== undefined) return known
    const fresh = newPeer(id)
    this.#peers.set(id, fresh)
    return fresh
  }

  isConnected(id: NodeId): boolean {
    return this.#peers.get(id)?.state === 'connected'
  }

  connected(): NodeId[] {
    const ids: NodeId[] = []
    for (const peer of this.#peers.values()) if (peer.state === 'connected') ids.push(peer.id)
    return ids
  }

  connect(id: NodeId): void {
    const peer = this.peer(id)
    if (peer.state !== 'connected') this.connectedCount++
    peer.state = 'connected'
    peer.failures = 0
    peer.silences = 0
  }

  /** The connection is gone or could not be made: the next attempt waits a little longer. */
  disconnect(now: Instant, id: NodeId): void {
    const peer = this.peer(id)
    if (peer.state === 'connected') this.connectedCount--
    peer.state = 'apart'
    peer.inFlight = 0
    peer.dialAt = after(now, this.jittered(peer.failures))
    peer.failures++
  }

  /** Forgets who is no member any more, so that the table stays as small as the view. */
  keepOnly(isMember: (id: NodeId) => boolean): void {
    for (const [id, peer] of this.#peers) {
      if (peer.state === 'apart' && !isMember(id)) this.#peers.delete(id)
    }
  }

  /** One more answer. */
  answered(now: Instant, id: NodeId, latencyMs: number): void {
    this.peer(id).silences = 0
    this.#observe(now, id, latencyMs)
  }

  /** One more wait that was too long: others are asked for a while, then it is tried by one call. */
  silent(now: Instant, id: NodeId, waitedMs: number): void {
    const peer = this.peer(id)
    peer.silentUntil = after(now, silentMsFirst * 2 ** Math.min(peer.silences, silencesMax))
    peer.silences++
    this.#observe(now, id, waitedMs)
  }

  #observe(now: Instant, id: NodeId, latencyMs: number): void {
    const peer = this.peer(id)
    const before = recentLatency(now, peer)
    peer.latencyMs = before === 0 ? latencyMs : before + (latencyMs - before) / 4
    peer.sampledAt = now
  }

  /**
   * The better of two random candidates among those that are connected and pass; who is silent
   * only where that is said.
   */
  choose(
    now: Instant,
    candidates: readonly NodeId[],
    passes: (id: NodeId) => boolean,
    evenSilent = false,
  ): NodeId | undefined {
    const fit: Peer[] = []
    for (const id of candidates) {
      const peer = this.#peers.get(id)
      if (peer?.state !== 'connected' || !passes(id)) continue
      if (evenSilent || !isSilent(now, peer)) fit.push(peer)
    }
    if (fit.length < 2) return fit[0]?.id
    const first = drawBelow(this.#random, fit.length)
    const step = 1 + drawBelow(this.#random, fit.length - 1)
    const a = fit[first] as Peer
    const b = fit[(first + step) % fit.length] as Peer
    return load(now, b) < load(now, a) ? b.id : a.id
  }

  /** Back-off after so many failures: 10 ms doubling to 640, a random half taken off. */
  jittered(failures: number): number {
    const full = 10 * (1 << Math.min(failures, 6))
    return full / 2 + (full / 2) * (drawBelow(this.#random, 256) / 256)
  }
}

function newPeer(id: NodeId): Peer {
  return {
    id,
    state: 'apart',
    inFlight: 0,
    latencyMs: 0,
    sampledAt: 0 as Instant,
    silences: 0,
    silentUntil: 0 as Instant,
    failures: 0,
    dialAt: 0 as Instant,
  }
}

function isSilent(now: Instant, peer: Peer): boolean {
  return peer.silences > 0 && (now < peer.silentUntil || peer.inFlight > 0)
}

function load(now: Instant, peer: Peer): number {
  return (peer.inFlight + 1) * recentLatency(now, peer)
}

/** Old samples fade, halving every 5 s, so that a node once slow is tried again. */
function recentLatency(now: Instant, peer: Peer): number {
  const halvings = Math.floor((now - peer.sampledAt) / 5000)
  return halvings > 20 ? 0 : peer.latencyMs / (1 << halvings)
}

/** A node that did not answer is left alone so long, twice as long each further time. */
const silentMsFirst = 500
const silencesMax = 4
