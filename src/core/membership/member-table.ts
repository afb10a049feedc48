/**
 * What this node knows of every member, and how two tables are reconciled (Scuttlebutt: van
 * Renesse et al. 2008, §3): digest against digest, then what is newer, within a budget of bytes.
 * What changed of late goes first, so that news outruns the heartbeats of a large cluster.
 */
import type { Instant, NodeId } from '../ids.ts'
import {
  applyDelta,
  compareVersions,
  type DigestEntry,
  deltaSince,
  isNews,
  isPlausible,
  isWithinBounds,
  type MemberDelta,
  type MemberState,
} from './member-state.ts'

export type Digest = {
  readonly entries: readonly DigestEntry[]
  /** False where the budget left members out: what is missing is then no news. */
  readonly complete: boolean
}

/** What became of the deltas of one message. */
export type Applied = {
  readonly changed: readonly {
    readonly before: MemberState | undefined
    readonly after: MemberState
  }[]
  /** Of ours, told by another: somebody took our name, or we forgot our own past. */
  readonly ofSelf: readonly MemberDelta[]
  /** Absurd counters, and members that are none. */
  readonly refused: readonly NodeId[]
}

export class MemberTable {
  readonly #self: NodeId
  readonly #budget: number
  readonly #states = new Map<NodeId, MemberState>()
  readonly #learntAt = new Map<NodeId, Instant>()
  /** Until when a member's last change is told unasked. */
  readonly #hotUntil = new Map<NodeId, Instant>()
  #cursor = 0

  constructor(self: NodeId, budgetBytes: number) {
    this.#self = self
    this.#budget = budgetBytes
  }

  state(id: NodeId): MemberState | undefined {
    return this.#states.get(id)
  }

  states(): IterableIterator<MemberState> {
    return this.#states.values()
  }

  /** Our own state, changed: news where it is more than a heartbeat. */
  setOwn(state: MemberState, now: Instant, hotMs: number): void {
    this.#states.set(state.id, state)
    if (hotMs > 0) this.#heat(state.id, now, hotMs)
  }

  /** Forgets who is no member any more. */
  keepOnly(isMember: (id: NodeId) => boolean): void {
    for (const id of [...this.#states.keys()]) {
      if (id === this.#self || isMember(id)) continue
      this.#states.delete(id)
      this.#learntAt.delete(id)
      this.#hotUntil.delete(id)
    }
  }

  isHot(now: Instant): boolean {
    for (const [id, until] of this.#hotUntil) {
      if (now < until) return true
      this.#hotUntil.delete(id)
    }
    return false
  }

  /** What we know of everybody, or of as many as the budget holds: news first, then in turn. */
  digest(now: Instant): Digest {
    const entries: DigestEntry[] = []
    let left = this.#budget
    const told = new Set<NodeId>()
    const tell = (state: MemberState): boolean => {
      if (told.has(state.id)) return true
      left -= digestBytes(state)
      if (left < 0) return false
      told.add(state.id)
      const { id, incarnation, heartbeat } = state
      entries.push({ id, incarnation, heartbeat })
      return true
    }
    for (const state of this.#hot(now)) if (!tell(state)) break
    const states = [...this.#states.values()]
    let i = 0
    while (i < states.length && tell(states[(this.#cursor + i) % states.length] as MemberState)) i++
    if (states.length > 0) this.#cursor = (this.#cursor + i) % states.length
    return { entries, complete: told.size === states.length }
  }

  /** What the sender of a digest lacks, and what we lack. */
  answer(
    now: Instant,
    { entries, complete }: Digest,
  ): { readonly deltas: readonly MemberDelta[]; readonly wants: readonly DigestEntry[] } {
    const lacks: [MemberState, DigestEntry | undefined][] = []
    const wants: DigestEntry[] = []
    const listed = new Set<NodeId>()
    for (const theirs of entries) {
      listed.add(theirs.id)
      const ours = this.#states.get(theirs.id)
      const order = ours === undefined ? -1 : compareVersions(ours, theirs)
      if (order > 0) lacks.push([ours as MemberState, theirs])
      else if (order < 0) {
        const { incarnation, heartbeat } = ours ?? { incarnation: 0, heartbeat: 0 }
        wants.push({ id: theirs.id, incarnation, heartbeat })
      }
    }
    const unasked = complete ? this.#states.values() : this.#hot(now)
    for (const state of unasked) if (!listed.has(state.id)) lacks.push([state, undefined])
    return { deltas: this.#within(lacks, now), wants }
  }

  /** What was asked for, as far as we know it. */
  deltas(now: Instant, wants: readonly DigestEntry[]): readonly MemberDelta[] {
    const lacks: [MemberState, DigestEntry][] = []
    for (const want of wants) {
      const ours = this.#states.get(want.id)
      if (ours !== undefined && compareVersions(ours, want) > 0) lacks.push([ours, want])
    }
    return this.#within(lacks, now)
  }

  /**
   * Takes what is new and can be believed. What a member says of itself (`from`) is held to the
   * bounds of any record only, and so is what is said of us: a lie that others took must not
   * keep the truth out for ever.
   */
  apply(
    now: Instant,
    from: NodeId,
    deltas: readonly MemberDelta[],
    isMember: (id: NodeId) => boolean,
    hotMs: number,
  ): Applied {
    const changed: Applied['changed'][number][] = []
    const ofSelf: MemberDelta[] = []
    const refused: NodeId[] = []
    for (const delta of deltas) {
      const { id } = delta
      const before = this.#states.get(id)
      const elapsedMs = now - (this.#learntAt.get(id) ?? now)
      const firstHand = id === from || id === this.#self
      const isFit = isWithinBounds(delta) && (firstHand || isPlausible(before, delta, elapsedMs))
      if (!isMember(id) || !isFit) refused.push(id)
      else if (id === this.#self) ofSelf.push(delta)
      else {
        const after = applyDelta(before, delta)
        if (after === undefined) continue
        this.#states.set(id, after)
        this.#learntAt.set(id, now)
        if (isNews(before, after)) this.#heat(id, now, hotMs)
        changed.push({ before, after })
      }
    }
    return { changed, ofSelf, refused }
  }

  #heat(id: NodeId, now: Instant, hotMs: number): void {
    this.#hotUntil.set(id, (now + hotMs) as Instant)
  }

  *#hot(now: Instant): IterableIterator<MemberState> {
    for (const [id, until] of this.#hotUntil) {
      const state = now < until ? this.#states.get(id) : undefined
      if (state !== undefined) yield state
    }
  }

  /** Whole deltas within the budget: news first, then who lags most. */
  #within(
    lacks: readonly [MemberState, DigestEntry | undefined][],
    now: Instant,
  ): readonly MemberDelta[] {
    const isHot = (state: MemberState) => now < (this.#hotUntil.get(state.id) ?? 0)
    const order = [...lacks].sort(([a], [b]) => Number(isHot(b)) - Number(isHot(a)))
    const deltas: MemberDelta[] = []
    let left = this.#budget
    for (const [state, known] of order) {
      const delta = deltaSince(state, known)
      left -= deltaBytes(delta)
      if (left < 0 && deltas.length > 0) break
      deltas.push(delta)
    }
    return deltas
  }
}

/** About what an entry takes on the wire. */
function digestBytes({ id }: { readonly id: NodeId }): number {
  return id.length + 10
}

/** About what a delta takes on the wire. */
function deltaBytes({ id, profile, load, accusations }: MemberDelta): number {
  let bytes = id.length + 16
  if (profile !== undefined) bytes += profile.value.host.length + 40
  if (load !== undefined) bytes += 14
  for (const accusation of accusations?.value ?? []) bytes += accusation.node.length + 10
  return bytes
}
