/**
 * Active anti-entropy (Dynamo §4.7, design §6.3): this node compares what it holds with each
 * member that shares partitions, all the time, and both mend what differs. Of two members the
 * one with the lower name asks; one that has to prove that it is whole asks all. No lock is held and nothing is kept on the disk: after a crash
 * of either side the next comparison finds what is left.
 */
import { mutant, sometimes } from '#mutants'
import type { Record } from '../causality/record.ts'
import { drawBelow, type Random } from '../draw.ts'
import { Pace } from '../handoff/pace.ts'
import { after, type Instant, type NodeId, type RequestId, type WallTime } from '../ids.ts'
import type { Pending } from '../pending.ts'
import { Quarantine } from '../quarantine.ts'
import type { Stored } from '../quorum/put-coordination.ts'
import type { Ring } from '../ring/claim.ts'
import type { Effect, Row, Store } from '../step.ts'
import type { ExchangeAnswer, ExchangeQuestion } from './exchange-message.ts'
import {
  type ExchangeReply,
  oldestRuns,
  type PairStatus,
  type ProvedRun,
  runsOf,
} from './exchange-status.ts'
import { noRepairs } from './pair-proof.ts'
import { Pass } from './pass.ts'
import { type DriverParts, PassDriver, type PassEnd } from './pass-driver.ts'
import { PeerClocks } from './peer-clocks.ts'
import { Proofs } from './proofs.ts'
import { Refill } from './refill.ts'
import { Repair } from './repair.ts'
import { type Clocks, Responder } from './responder.ts'
import { sharedOf } from './shared.ts'

type Parts = DriverParts & {
  readonly random: Random
  readonly reads: Store
  readonly digestKey: string
  readonly pending: Pending<Record, Stored>
  /** Requests of clients and coordinators in the last second. */
  readonly foreground: (now: Instant) => number
}

/** The comparisons with one member. */
type Peer = {
  readonly pace: Pace
  driver: PassDriver | undefined
  /** When the pass under way began, or the last one. */
  began: Instant
  /** The next pass begins. */
  nextAt: Instant
  failures: number
  from: number
  waited: ReadonlySet<string>
}

export type ExchangeCounts = {
  /** Comparisons that ended, and those of them that found the roots equal. */
  readonly passes: number
  readonly equal: number
  /** Objects that went to the other side or came from it. */
  readonly repaired: number
  /** Those of them that refilled an empty store. */
  readonly refilled: number
  /** Damaged rows whose bytes are kept aside. */
  readonly quarantined: number
  /** Of comparisons, without the objects; roughly. */
  readonly bytes: number
}

export class Exchange {
  readonly #parts: Parts
  readonly #responder: Responder
  readonly #proofs: Proofs
  readonly #quarantine: Quarantine<Record, Stored>
  /** What operators ask for. */
  readonly repair: Repair
  readonly #refill: Refill
  readonly #peers = new Map<NodeId, Peer>()
  readonly #clocks = new PeerClocks()
  #settledAt: Instant | undefined
  #wall: WallTime = 0
  #lastId: RequestId
  #paused = false
  #passes = 0
  #equal = 0
  #repaired = 0
  #bytes = 0

  constructor(parts: Parts) {
    this.#parts = parts
    this.#responder = new Responder(parts)
    this.#proofs = new Proofs(parts.hash, parts.reads)
    this.#quarantine = new Quarantine(parts.reads, parts.pending)
    this.repair = new Repair({
      ...parts,
      purpose: 'repair',
      quarantine: this.#quarantine,
      nextId: () => this.#nextId(),
      wallWith: (node, now) => this.#clocks.earlier(node, this.#wall, now),
      proved: (node, pass, partitions, now) => this.#record(node, pass, true, partitions, now),
    })
    this.#refill = new Refill({ ...parts, newId: () => this.#nextId() })
    this.#lastId = drawBelow(parts.random, idsMax)
  }

  get counts(): ExchangeCounts {
    let [repaired, bytes] = [this.#repaired + this.#refill.objects, this.#bytes]
    for (const { driver } of this.#peers.values()) {
      repaired += driver?.pass.repaired ?? 0
      bytes += driver?.bytes ?? 0
    }
    const { objects: refilled } = this.#refill
    const quarantined = this.#quarantine.rows
    return { passes: this.#passes, equal: this.#equal, repaired, refilled, quarantined, bytes }
  }

  /** Rows of its own in the store. */
  get rows(): number {
    return this.#proofs.rows + this.#quarantine.rows
  }

  /** Begins no comparison from now on, until told otherwise; one under way goes on to its end. */
  pause(paused: boolean): void {
    this.#paused = paused
  }

  /** What an operator is told. */
  reply(id: RequestId, now: Instant): ExchangeReply {
    const { ring, self, epoch } = this.#parts.placement
    const all: ProvedRun[] = []
    const pairs = peersOf(ring, self).flatMap((peer): PairStatus[] => {
      const known = this.#proofs.of(peer)
      const proof = known?.epoch === epoch ? known : undefined
      // Of two members the other one asks.
      if (peer < self && proof === undefined) return []
      const partitions = sharedOf(ring, self, peer).partitions
      const runs = runsOf(peer, partitions, proof)
      all.push(...runs)
      const { driver, began, failures } = this.#peers.get(peer) ?? { failures: 0 }
      const equalAt = runs.reduce((least, run) => Math.min(least, run.equalAt), this.#wall)
      const repairs = known?.repairs ?? noRepairs
      const running =
        driver && began !== undefined
          ? { ms: Math.round(now - began), repaired: driver.pass.repaired }
          : undefined
      return [{ peer, shared: partitions.length, equalAt, repairs, running, failures }]
    })
    const ready = this.#parts.tree.ready && this.#isSettled(now)
    const { runs, left } = oldestRuns(all)
    return { type: 'exchange-is', id, node: self, paused: this.#paused, ready, pairs, runs, left }
  }

  /** What is to be written of the record. */
  due(now: Instant): readonly Row[] {
    return this.#proofs.due(now)
  }

  /** `asks`: false only where the simulator asks what the other layers do alone. */
  tick(now: Instant, wall: WallTime, asks: boolean, out: Effect[]): void {
    this.#wall = wall
    this.#parts.carrier.tick(now, out)
    // A process that has just begun does not know what was written lately.
    this.#settledAt ??= after(now, this.#parts.timing.cutAgeMs + this.#parts.timing.skewMs)
    if (!asks || mutant(9)) return
    const { placement, wholeness, tree } = this.#parts
    this.#refill.tick(now, out)
    if (!tree.ready || !this.#isSettled(now) || this.#refill.busy) return this.repair.waits(now)
    for (const node of placement.connectedPeers) {
      if (node > placement.self || wholeness.needs(node)) this.#go(node, now, out)
    }
    this.repair.tick(now, out)
  }

  /** The connection to a member is there again: what it missed should not wait. */
  connected(node: NodeId, now: Instant): void {
    const peer = this.#peers.get(node)
    if (peer === undefined) return
    peer.failures = 0
    if (peer.driver === undefined) peer.nextAt = after(now, returnMs)
  }

  disconnected(node: NodeId, now: Instant, out: Effect[]): void {
    this.#peers.get(node)?.driver?.fail(now, out)
    this.repair.disconnected(node, now, out)
    this.#refill.lost(node, now)
  }

  /** A commit of this node is durable. */
  stored(now: Instant, out: Effect[]): void {
    this.#refill.stored(now, out)
    this.repair.settled(now, out)
  }

  /** Another member asks. */
  asked(
    from: NodeId,
    question: ExchangeQuestion,
    foreground: number,
    now: Instant,
    out: Effect[],
  ): void {
    const clocks: Clocks = { now, wall: this.#wall, settled: this.#isSettled(now) }
    out.push({ type: 'send', to: from, message: this.#answer(from, question, clocks, foreground) })
  }

  /** Another member answers. */
  answered(from: NodeId, answer: ExchangeAnswer, now: Instant, out: Effect[]): void {
    if (answer.type === 'fetched') return this.#refill.answered(from, answer, now, out)
    const own = this.#peers.get(from)?.driver
    const driver = own?.waitsFor(answer.id) ? own : this.repair.driverOf(from, answer.id)
    if (driver === undefined) return sometimes('an answer of an exchange comes for nobody')
    if (answer.type === 'compared' && answer.wall !== undefined) {
      this.#clocks.heard(from, answer.wall, this.#wall, now)
    }
    driver.answered(answer, now, out)
  }

  #isSettled(now: Instant): boolean {
    return this.#settledAt !== undefined && now >= this.#settledAt
  }

  #answer(
    from: NodeId,
    question: ExchangeQuestion,
    clocks: Clocks,
    foreground: number,
  ): ExchangeAnswer {
    switch (question.type) {
      case 'compare':
        return this.#responder.compare(from, question, clocks, foreground)
      case 'sketch':
        return this.#responder.sketch(from, question, clocks, foreground)
      case 'differ':
        return this.#responder.differ(from, question, clocks, foreground)
      case 'fetch':
        return this.#responder.fetch(from, question, foreground)
    }
  }

  #go(node: NodeId, now: Instant, out: Effect[]): void {
    const peer = this.#peerOf(node, now)
    if (peer.driver === undefined && !this.#begin(node, peer, now)) return
    peer.driver?.go(now, out)
  }

  #begin(node: NodeId, peer: Peer, now: Instant): boolean {
    const { placement, timing } = this.#parts
    if (this.#paused || now < peer.nextAt || !placement.reachable(node)) return false
    const shared = sharedOf(placement.ring, placement.self, node)
    if (shared.none) return false
    const wall = this.#clocks.earlier(node, this.#wall, now)
    const { from, waited, pace } = peer
    const pass = new Pass(this.#parts, { shared, wall, from, waited }, now)
    peer.began = now
    peer.driver = new PassDriver(this.#parts, {
      node,
      pass,
      pace,
      nextId: () => this.#nextId(),
      until: after(now, timing.passMsMax),
      ended: (end, at) => this.#ended(node, peer, end, at),
    })
    return true
  }

  /** This node's wall clock less the middle one of its peers'; undefined: none is known. */
  clockAheadMs(now: Instant): number | undefined {
    return this.#clocks.aheadMs(this.#wall, now)
  }

  #nextId(): RequestId {
    this.#lastId = (this.#lastId + 1) % idsMax
    return this.#lastId
  }

  #ended(node: NodeId, peer: Peer, end: PassEnd, now: Instant): void {
    const { driver } = peer
    if (driver === undefined) return
    const { pass, bytes, heard } = driver
    peer.driver = undefined
    peer.waited = pass.waiting
    this.#repaired += pass.repaired
    this.#bytes += bytes
    if (heard) peer.failures = 0
    if (end === 'failed') this.#failed(peer, now)
    else if (end === 'late') this.#gaveUp(peer, pass, now)
    else this.#through(node, peer, driver, now)
    this.#record(node, pass, end === 'ended', undefined, now)
  }

  #record(
    node: NodeId,
    pass: Pass,
    proves: boolean,
    only: readonly number[] | undefined,
    now: Instant,
  ): void {
    const { stamp, unequal, moved } = pass
    if (!proves && moved.size === 0) return
    const { epoch } = this.#parts.placement
    const finding = { epoch, stamp: proves ? stamp : 0, only, unequal, moved }
    this.#proofs.take(node, finding, now)
  }

  #through(node: NodeId, peer: Peer, { pass, whole }: PassDriver, now: Instant): void {
    const { timing, wholeness } = this.#parts
    this.#passes++
    if (pass.equal) {
      this.#equal++
      sometimes('two members are equal')
    } else sometimes('an exchange repairs')
    const asOf = after(peer.began, -timing.cutAgeMs)
    const unequal = pass.equal ? undefined : pass.unequal
    const learnt = wholeness.equal(node, asOf, whole, unequal)
    // What was repaired is soon compared once more; else there is time, but for a proof.
    const needs = wholeness.needs(node) && (learnt || !pass.stuck)
    const soon = needs || (pass.repaired > 0 && !pass.stuck)
    peer.nextAt = after(now, soon ? afterRepairMs : this.#pause())
    peer.from = 0
  }

  /** It takes too long: what is left is for the next pass, which begins there. */
  #gaveUp(peer: Peer, pass: Pass, now: Instant): void {
    sometimes('an exchange goes on from a place')
    peer.nextAt = pass.refused ? after(now, this.#pause()) : now
    peer.from = pass.place
  }

  #failed(peer: Peer, now: Instant): void {
    sometimes('an exchange fails')
    peer.failures++
    const pause = Math.min(this.#parts.timing.pauseMs, failedMs * 2 ** Math.min(peer.failures, 8))
    peer.nextAt = after(now, pause)
  }

  #peerOf(node: NodeId, now: Instant): Peer {
    const known = this.#peers.get(node)
    if (known !== undefined) return known
    const peer: Peer = {
      pace: new Pace(),
      driver: undefined,
      began: now,
      nextAt: after(now, drawBelow(this.#parts.random, firstMsMax)),
      failures: 0,
      from: 0,
      waited: new Set(),
    }
    this.#peers.set(node, peer)
    return peer
  }

  /** From a comparison of equal members to the next. */
  #pause(): number {
    const { pauseMs } = this.#parts.timing
    return pauseMs * 0.7 + drawBelow(this.#parts.random, pauseMs * 0.6)
  }
}

/** Members that share a partition with this one, by name. */
function peersOf({ lists }: Ring, self: NodeId): readonly NodeId[] {
  const peers = new Set(lists.filter(list => list.includes(self)).flat())
  peers.delete(self)
  return [...peers].sort()
}

const idsMax = 65_536
const afterRepairMs = 1000
const failedMs = 500
const returnMs = 1000
const firstMsMax = 2000
