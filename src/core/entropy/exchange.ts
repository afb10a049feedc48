/**
 * Active anti-entropy (Dynamo §4.7, design §6.3): this node compares what it holds with each
 * member that shares partitions, all the time, and both mend what differs. Of two members the
 * one with the lower name asks. No lock is held and nothing is kept on the disk: after a crash
 * of either side the next comparison finds what is left.
 */
import { mutant, sometimes } from '#mutants'
import { drawBelow, type Random } from '../draw.ts'
import { Batch } from '../handoff/batch.ts'
import { Pace } from '../handoff/pace.ts'
import { after, type Instant, type NodeId, type RequestId, type WallTime } from '../ids.ts'
import type { Requests } from '../requests.ts'
import type { Effect } from '../step.ts'
import { nearest, shortEpoch } from './clocks.ts'
import type { ExchangeAnswer, ExchangeQuestion } from './exchange-message.ts'
import { Pass } from './pass.ts'
import { type Clocks, type ExchangeParts, Responder } from './responder.ts'
import { sharedOf } from './shared.ts'

type Parts = ExchangeParts & {
  readonly requests: Requests
  readonly random: Random
  /** Bytes that wait for the disk of this node. */
  readonly pendingBytes: () => number
}

/** The comparisons with one member. */
type Peer = {
  readonly pace: Pace
  pass: Pass | undefined
  began: Instant
  /** The next pass begins. */
  nextAt: Instant
  /** What was asked and is not answered. */
  asked: { readonly id: RequestId; readonly at: Instant } | undefined
  handing: boolean
  failures: number
  /** Of its clock, ahead of ours, in milliseconds. */
  offset: number
  from: number
  waited: ReadonlySet<string>
}

export type ExchangeCounts = {
  /** Comparisons that ended, and those of them that found the roots equal. */
  readonly passes: number
  readonly equal: number
  /** Objects that went to the other side or came from it. */
  readonly repaired: number
  /** Of comparisons, without the objects; roughly. */
  readonly bytes: number
}

export class Exchange {
  readonly #parts: Parts
  readonly #responder: Responder
  readonly #peers = new Map<NodeId, Peer>()
  #settledAt: Instant | undefined
  #wall: WallTime = 0
  #lastId: RequestId
  #passes = 0
  #equal = 0
  #repaired = 0
  #bytes = 0

  constructor(parts: Parts) {
    this.#parts = parts
    this.#responder = new Responder(parts)
    this.#lastId = drawBelow(parts.random, idsMax)
  }

  get counts(): ExchangeCounts {
    const under = [...this.#peers.values()].map(({ pass }) => pass?.repaired ?? 0)
    const repaired = under.reduce((sum, some) => sum + some, this.#repaired)
    return { passes: this.#passes, equal: this.#equal, repaired, bytes: this.#bytes }
  }

  /** `asks`: false only where the simulator asks what the other layers do alone. */
  tick(now: Instant, wall: WallTime, asks: boolean, out: Effect[]): void {
    this.#wall = wall
    // A process that has just begun does not know what was written lately.
    this.#settledAt ??= after(now, this.#parts.timing.cutAgeMs + this.#parts.timing.skewMs)
    if (!asks || mutant(9) || now < this.#settledAt || !this.#parts.tree.ready) return
    for (const node of this.#parts.placement.connectedPeers) {
      if (node > this.#parts.placement.self) this.#go(node, now, out)
    }
  }

  /** The connection to a member is there again: what it missed should not wait. */
  connected(node: NodeId, now: Instant): void {
    const peer = this.#peers.get(node)
    if (peer === undefined) return
    peer.failures = 0
    if (peer.pass === undefined) peer.nextAt = after(now, returnMs)
  }

  disconnected(node: NodeId, now: Instant): void {
    const peer = this.#peers.get(node)
    if (peer?.pass !== undefined) this.#fail(peer, now)
  }

  /** Another member asks. */
  asked(
    from: NodeId,
    question: ExchangeQuestion,
    foreground: number,
    now: Instant,
    out: Effect[],
  ): void {
    const settled = this.#settledAt !== undefined && now >= this.#settledAt
    const clocks: Clocks = { now, wall: this.#wall, settled }
    const message = this.#answerTo(from, question, clocks, foreground)
    out.push({ type: 'send', to: from, message })
  }

  /** Another member answers. */
  answered(from: NodeId, answer: ExchangeAnswer, now: Instant, out: Effect[]): void {
    const peer = this.#peers.get(from)
    const { pass, asked } = peer ?? {}
    if (peer === undefined || pass === undefined || asked?.id !== answer.id) {
      return sometimes('an answer of an exchange comes for nobody')
    }
    peer.asked = undefined
    const took = now - asked.at
    this.#bytes += bytesOf(answer)
    if (answer.state !== 'ok') return this.#fail(peer, now)
    if (answer.type === 'compared') {
      if (answer.wall !== undefined) peer.offset = nearest(this.#wall, answer.wall) - this.#wall
      if (!pass.compared(answer, now)) return this.#fail(peer, now)
    } else if (!pass.differing(answer)) return this.#fail(peer, now)
    peer.failures = 0
    peer.pace.acknowledged(now, took, answer.foreground, false)
    this.#go(from, now, out)
  }

  #answerTo(from: NodeId, question: ExchangeQuestion, clocks: Clocks, foreground: number) {
    switch (question.type) {
      case 'compare':
        return this.#responder.compare(from, question, clocks, foreground)
      case 'sketch':
        return this.#responder.sketch(from, question, clocks, foreground)
      case 'differ':
        return this.#responder.differ(from, question, clocks, foreground)
    }
  }

  #go(node: NodeId, now: Instant, out: Effect[]): void {
    const peer = this.#peerOf(node, now)
    const { placement, pendingBytes } = this.#parts
    if (peer.asked !== undefined || peer.handing) {
      if (peer.asked !== undefined && now > peer.asked.at + answerMsMax) this.#fail(peer, now)
      return
    }
    if (peer.pass === undefined) {
      if (now < peer.nextAt || !placement.reachable(node)) return
      const shared = sharedOf(placement.ring, placement.self, node)
      if (shared.none) return
      // A clock that is far ahead would make all that is in flight look old.
      const wall = this.#wall + Math.min(0, peer.offset)
      peer.pass = new Pass(this.#parts, shared, now, wall, peer.from, peer.waited)
      peer.began = now
    } else if (now > peer.began + this.#parts.timing.passMsMax) return this.#giveUp(peer, now)
    if (now < peer.pace.nextAt || pendingBytes() > pendingBytesMax) return
    this.#continue(node, peer, peer.pass, now, out)
  }

  #continue(node: NodeId, peer: Peer, pass: Pass, now: Instant, out: Effect[]): void {
    if (this.#hand(node, peer, pass, now, out)) return
    this.#lastId = (this.#lastId + 1) % idsMax
    const epoch = shortEpoch(this.#parts.placement.epoch)
    const message = pass.next(this.#lastId, epoch, Math.floor(peer.pace.size), now)
    if (message === undefined) return this.#ended(peer, pass, now)
    peer.asked = { id: message.id, at: now }
    this.#bytes += bytesOf(message)
    out.push({ type: 'send', to: node, message })
  }

  /** Sends what the other side asked for; false where there is nothing of it. */
  #hand(node: NodeId, peer: Peer, pass: Pass, now: Instant, out: Effect[]): boolean {
    const { placement, requests } = this.#parts
    if (!requests.room) return false
    const copies = pass.owed(Math.floor(peer.pace.size), handedBytesMax)
    if (copies.length === 0) return false
    const id = requests.newId()
    peer.handing = true
    const ended = (handed: boolean, foreground: number, at: Instant, effects: Effect[]) => {
      peer.handing = false
      if (peer.pass !== pass) return
      if (!handed) return this.#fail(peer, at)
      peer.pace.acknowledged(at, at - now, foreground, false)
      this.#go(node, at, effects)
    }
    requests.add(id, new Batch(node, after(now, answerMsMax), ended))
    const { epoch } = placement
    const message = { type: 'handoff', id, epoch, timeLeft: answerMsMax, copies } as const
    out.push({ type: 'send', to: node, message })
    return true
  }

  #ended(peer: Peer, pass: Pass, now: Instant): void {
    this.#passes++
    if (pass.equal) {
      this.#equal++
      sometimes('two members are equal')
    } else sometimes('an exchange repairs')
    // What was repaired is soon compared once more; else there is time.
    const pause = pass.equal || pass.repaired === 0 ? this.#pause() : afterRepairMs
    this.#end(peer, pass, after(now, pause))
    peer.from = 0
  }

  /** It takes too long: what is left is for the next pass, which begins there. */
  #giveUp(peer: Peer, now: Instant): void {
    sometimes('an exchange goes on from a place')
    const place = peer.pass?.place ?? 0
    if (peer.pass !== undefined) this.#end(peer, peer.pass, now)
    peer.from = place
  }

  #fail(peer: Peer, now: Instant): void {
    sometimes('an exchange fails')
    peer.failures++
    peer.asked = undefined
    const pause = Math.min(this.#parts.timing.pauseMs, failedMs * 2 ** Math.min(peer.failures, 8))
    if (peer.pass !== undefined) this.#end(peer, peer.pass, after(now, pause))
  }

  #end(peer: Peer, pass: Pass, nextAt: Instant): void {
    this.#repaired += pass.repaired
    peer.waited = pass.waiting
    peer.pass = undefined
    peer.nextAt = nextAt
  }

  #peerOf(node: NodeId, now: Instant): Peer {
    const known = this.#peers.get(node)
    if (known !== undefined) return known
    const peer: Peer = {
      pace: new Pace(),
      pass: undefined,
      began: now,
      nextAt: after(now, drawBelow(this.#parts.random, firstMsMax)),
      asked: undefined,
      handing: false,
      failures: 0,
      offset: 0,
      from: 0,
      waited: new Set(),
    }
    this.#peers.set(node, peer)
    return peer
  }

  #pause(): number {
    const { pauseMs } = this.#parts.timing
    return pauseMs * 0.7 + drawBelow(this.#parts.random, pauseMs * 0.6)
  }
}

function bytesOf(message: ExchangeQuestion | ExchangeAnswer): number {
  switch (message.type) {
    case 'compare':
    case 'sketch':
      return messageBytes + message.nodes.length
    case 'compared':
      return messageBytes + message.entries.length
    case 'differ': {
      const held = message.held.map(({ key, known }) => 4 + key.length + known.length)
      return held.reduce((sum, bytes) => sum + bytes, messageBytes + message.wanted.length)
    }
    case 'differing':
      return messageBytes + message.wants.length
  }
}

const idsMax = 65_536
const messageBytes = 32
const afterRepairMs = 1000
const failedMs = 500
const returnMs = 1000
const firstMsMax = 2000
const answerMsMax = 5000
const handedBytesMax = 512 * 1024
const pendingBytesMax = 16 * 1024 * 1024
