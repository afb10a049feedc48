/**
 * Failure detection by one observer (design §5). Every message of a member is a sign of life;
 * a watched member that is silent is pinged; where φ of its silence passes the threshold it is
 * *suspect*, and a few others are asked to ping it. Only where none of them reaches it either is
 * it *accused*: a link of our own that is broken convicts nobody (SWIM, Das et al. 2002, §3.1;
 * Lifeguard, Dadgar et al. 2018, for an observer that distrusts itself first).
 */
import { mutant, sometimes } from '#mutants'
import { drawSome, type Random } from '../draw.ts'
import type { Instant, NodeId } from '../ids.ts'
import { ArrivalWindow } from './phi.ts'

/** Intervals in milliseconds. */
export type DetectorTiming = {
  /** A watched member that was silent so long is pinged; again after half of it. */
  readonly pingMs: number
  /** Of a silence so much is forgiven. */
  readonly pauseMs: number
  /** φ at which a member is suspect. */
  readonly phiSuspect: number
  /** How long the members that were asked have to reach it. */
  readonly indirectMs: number
  readonly indirectCount: number
}

/** What the detector wants done. */
export type DetectorAct =
  | { readonly type: 'ping'; readonly node: NodeId }
  | { readonly type: 'ask'; readonly node: NodeId; readonly by: readonly NodeId[] }
  | { readonly type: 'suspect' | 'clear'; readonly node: NodeId; readonly phi: number }

type Watched = {
  readonly window: ArrivalWindow
  heardAt: Instant
  sampledAt: Instant
  pingedAt: Instant
  suspect: boolean
  askedAt: Instant
  /** The last time somebody who was asked had reached it. */
  vouchedAt: Instant
  accused: boolean
}

export class Detector {
  readonly #timing: DetectorTiming
  readonly #random: Random
  readonly #watched = new Map<NodeId, Watched>()
  #steppedAt: Instant | undefined
  #checkedAt = -1 as Instant
  /** How late this process is lately: forgiven to others on top. */
  #lagMs = 0
  /** After a pause of our own nobody is accused before news has come, or nobody can bring any. */
  #trusted = true
  #wokeAt = 0 as Instant

  constructor(timing: DetectorTiming, random: Random) {
    this.#timing = timing
    this.#random = random
  }

  /** Watches exactly these; who is new has been heard just now. */
  watch(now: Instant, nodes: readonly NodeId[]): void {
    const wanted = new Set(nodes)
    for (const id of [...this.#watched.keys()]) if (!wanted.has(id)) this.#watched.delete(id)
    for (const id of nodes) {
      if (this.#watched.has(id)) continue
      this.#watched.set(id, {
        window: new ArrivalWindow(this.#timing.pingMs),
        heardAt: now,
        sampledAt: now,
        pingedAt: now,
        suspect: false,
        askedAt: now,
        vouchedAt: -1 as Instant,
        accused: false,
      })
    }
  }

  /**
   * At the start of every step: a gap is a pause of this process, not of all the others. True
   * where it woke from one.
   */
  clock(now: Instant): boolean {
    const gap = this.#steppedAt === undefined ? 0 : now - this.#steppedAt
    this.#steppedAt = now
    if (gap < lagMsMin) return false
    this.#lagMs = Math.max(this.#lagMs, Math.min(gap, lagMsMax))
    if (gap < stallMsMin || mutant(27)) return false
    sometimes('an observer wakes from a pause')
    this.#trusted = false
    this.#wokeAt = now
    this.#checkedAt = Math.min(now, this.#checkedAt + gap) as Instant
    this.#forgive(now, gap)
    for (const one of this.#watched.values()) if (one.suspect) one.askedAt = now
    return true
  }

  /** An exchange of gossip was completed: what was missed is known now. */
  caughtUp(): void {
    this.#trusted = true
  }

  /** A sign of life, whatever it was. */
  heard(now: Instant, node: NodeId): DetectorAct | undefined {
    const one = this.#watched.get(node)
    if (one === undefined) return undefined
    one.heardAt = now
    const interval = now - one.sampledAt
    if (interval >= this.#timing.pingMs / 2) {
      one.sampledAt = now
      // The silence of a crash says nothing of how regular its arrivals are.
      if (!one.suspect) one.window.add(interval)
    }
    if (!one.suspect) return undefined
    one.suspect = false
    one.accused = false
    return { type: 'clear', node, phi: 0 }
  }

  /** Somebody whom we asked has reached it. */
  vouched(now: Instant, node: NodeId): void {
    const one = this.#watched.get(node)
    if (one === undefined || !one.suspect) return
    sometimes('a suspect is vouched for by another')
    one.vouchedAt = now
    one.accused = false
  }

  /** Every 100 ms or so: pings, suspicions, questions to others. */
  tick(now: Instant, canBeAsked: (node: NodeId) => boolean): readonly DetectorAct[] {
    const late = now - this.#checkedAt - checkMs
    if (late < 0) return []
    // Steps may come in time and checks not: while nobody looks, nobody was silent.
    if (this.#checkedAt >= 0 && late >= stallMsMin) this.#forgive(now, late)
    this.#checkedAt = now
    this.#lagMs *= lagDecay
    const acts: DetectorAct[] = []
    if (now - this.#wokeAt >= aloneMs && ![...this.#watched.keys()].some(canBeAsked)) {
      this.#trusted = true
    }
    for (const [node, one] of this.#watched) this.#check(now, node, one, canBeAsked, acts)
    return acts
  }

  phi(now: Instant, node: NodeId): number | undefined {
    const one = this.#watched.get(node)
    return one?.window.phi(now, one.heardAt, this.#timing.pauseMs + this.#lagMs)
  }

  heardAgoMs(now: Instant, node: NodeId): number | undefined {
    const one = this.#watched.get(node)
    return one === undefined ? undefined : Math.max(0, now - one.heardAt)
  }

  watches(node: NodeId): boolean {
    return this.#watched.has(node)
  }

  isSuspect(node: NodeId): boolean {
    return this.#watched.get(node)?.suspect === true
  }

  /** Those whom neither we nor anybody we asked can reach. */
  accused(): readonly NodeId[] {
    return [...this.#watched].filter(([, one]) => one.accused).map(([node]) => node)
  }

  /** So long nobody was listened to. */
  #forgive(now: Instant, ms: number): void {
    for (const one of this.#watched.values()) {
      one.heardAt = Math.min(now, one.heardAt + ms) as Instant
      one.sampledAt = Math.min(now, one.sampledAt + ms) as Instant
    }
  }

  #check(
    now: Instant,
    node: NodeId,
    one: Watched,
    canBeAsked: (node: NodeId) => boolean,
    acts: DetectorAct[],
  ): void {
    const { pingMs, phiSuspect, indirectMs } = this.#timing
    // A lost ping or pong is not waited for: before a suspicion there is time for several.
    const againMs = one.suspect ? pingMs : pingMs / 2
    if (now - one.heardAt >= pingMs && now - one.pingedAt >= againMs) {
      one.pingedAt = now
      acts.push({ type: 'ping', node })
    }
    if (!one.suspect) {
      const phi = this.phi(now, node) ?? 0
      if (phi < phiSuspect) return
      one.suspect = true
      acts.push({ type: 'suspect', node, phi })
      this.#ask(now, node, one, canBeAsked, acts)
    } else if (now - one.askedAt >= indirectMs + this.#lagMs) {
      // While we distrust ourselves nobody is accused anew, and what was found before stands.
      if (this.#trusted) one.accused = one.vouchedAt < one.askedAt
      if (now - one.askedAt >= askAgainMs) this.#ask(now, node, one, canBeAsked, acts)
    }
  }

  #ask(
    now: Instant,
    node: NodeId,
    one: Watched,
    canBeAsked: (node: NodeId) => boolean,
    acts: DetectorAct[],
  ): void {
    one.askedAt = now
    const others = [...this.#watched.keys()].filter(id => id !== node && canBeAsked(id))
    const by = drawSome(this.#random, others, this.#timing.indirectCount)
    if (by.length > 0) acts.push({ type: 'ask', node, by })
  }
}

const checkMs = 100
/** A step later than this is lag; later than that, a pause. */
const lagMsMin = 60
const stallMsMin = 250
const lagMsMax = 2000
/** A check: half of the lag is forgotten in about 2 s. */
const lagDecay = 0.966
/** So long awake and with nobody to ask: more news will not come. */
const aloneMs = 5000
/** While it stays suspect the others are asked again. */
const askAgainMs = 2000
