/**
 * Whether this store may lack something that it acknowledged (design §4, "whole"). Stores made
 * with the cluster are whole from birth; every later one, and an old copy of one, begins with
 * nothing proved. A partition becomes whole when this store was equal, as of one longest deadline
 * after its start, with N-W+1 other primaries that were whole: any W that acknowledged a write
 * meet one of those. Until then its copies are merged and never count to R.
 */
import { mutant, sometimes } from '#mutants'
import { type Hash, partitionOf } from '../hash.ts'
import { after, type Instant, type NodeId, type Token } from '../ids.ts'
import type { Placement } from '../placement.ts'
import { longestDeadlineMs } from '../quorum/longest-deadline.ts'
import type { Ring } from '../ring/claim.ts'
import { wholenessRowKey } from '../row-key.ts'
import type { RowKey, Store } from '../step.ts'
import { Equal } from './equal.ts'
import type { Verdict } from './lives.ts'
import type { WholenessReply, WholenessRequest } from './wholeness-message.ts'
import { decodeWholeness, encodeWholeness } from './wholeness-row.ts'

type Parts = {
  readonly hash: Hash
  readonly reads: Store
  readonly placement: Placement
  /** Puts a row into the next commit. */
  readonly write: (key: RowKey, value: Uint8Array) => void
  /** Of the store, as the host opened it. */
  readonly whole: boolean
}

/** A member says what it heard of this node before this start. */
export type Recollection = {
  readonly from: NodeId
  readonly verdict: Verdict
  /** The highest commit number that it heard. */
  readonly commits: number
  /** This store's own, as others are told it. */
  readonly own: number
}

/** What a host shows of it. */
export type WholenessView = {
  /** All that this node owns is whole. */
  readonly whole: boolean
  /** Partitions of this node that are not. */
  readonly unwhole: number
  /** Another member, where there is one, said what it heard of this node before: whole counts. */
  readonly heard: boolean
  /** Whom they wait for: whole primaries that this store was not yet equal with. */
  readonly waitsFor: readonly NodeId[]
}

export class Wholeness {
  readonly #parts: Parts
  readonly #unwhole: Set<number>
  readonly #waived: Set<NodeId>
  /** How surely this store was equal with members that were whole, late enough after the start. */
  readonly #equalWith = new Equal()
  /** Members that said what they had heard of this node before. */
  readonly #recalledBy = new Set<NodeId>()
  #heard = false
  #shared: { readonly ring: Ring; readonly with: ReadonlySet<NodeId> } | undefined
  #oldCopy = false
  #offset: number
  #startedAt: Instant | undefined
  /** Partitions of this node that are not whole, by the ring that says which are its own. */
  #unproved: { readonly ring: Ring; readonly partitions: ReadonlyMap<number, readonly NodeId[]> }
  #hasRow: boolean

  constructor(parts: Parts) {
    const { hash, reads, placement, whole } = parts
    const { partitions } = placement.settings
    this.#parts = parts
    const bytes = reads.get(wholenessRowKey)
    const row = bytes === undefined ? undefined : decodeWholeness(hash, bytes, partitions)
    const begins = bytes === undefined && whole ? [] : Array.from({ length: partitions }).keys()
    this.#unwhole = new Set(row?.unwhole ?? begins)
    this.#waived = new Set(row?.waived)
    this.#offset = row?.offset ?? 0
    this.#hasRow = bytes !== undefined
    this.#unproved = this.#unproveded()
  }

  /** Rows of this in the store. */
  get rows(): number {
    return this.#hasRow ? 1 : 0
  }

  /** What others are told as the commit number of this store is so much higher than its own. */
  get offset(): number {
    return this.#offset
  }

  /** Nothing that this node owns is in doubt. */
  get everywhere(): boolean {
    return this.#heard && this.open.size === 0
  }

  /** Does what this store says of the key, "nothing" too, count to R? */
  isWhole(token: Token): boolean {
    if (!this.#heard || this.#unwhole.size === 0) return this.#heard
    const { placement } = this.#parts
    const partition = partitionOf(token, placement.settings.partitions)
    return placement.owns(token) ? !this.#unwhole.has(partition) : this.everywhere
  }

  /** Is this partition, which this node owns, whole? */
  isWholeIn(partition: number): boolean {
    return this.#heard && !this.#unwhole.has(partition)
  }

  /** This partition is emptied, since it was behind what others had reaped: it lacks something. */
  doubt(partition: number): void {
    // What was equal before it was emptied proves nothing, whatever it lacked before.
    this.#startedAt = undefined
    this.#equalWith.clear()
    this.#unwhole.add(partition)
    this.#unproved = this.#unproveded()
    this.#keep()
  }

  /** Is all whole that this node shares with that one? */
  isWholeWith(node: NodeId): boolean {
    if (!this.#heard) return false
    for (const others of this.open.values()) if (others.includes(node)) return false
    return true
  }

  /** Would it help to be equal with that member, in any other partition than these? */
  needs(node: NodeId, but?: ReadonlySet<number>): boolean {
    for (const [partition, others] of this.open) {
      if (but?.has(partition)) continue
      if (others.includes(node) && !this.#equalWith.has(node, partition)) return true
    }
    return false
  }

  tick(now: Instant): void {
    this.#startedAt ??= now
    this.#listen(now)
  }

  /** Returns true where this store turns out to be an old copy. */
  recalled({ from, verdict, commits, own }: Recollection, now: Instant): boolean {
    this.#recalledBy.add(from)
    const behind =
      !mutant(41) &&
      (verdict === 'more' || (verdict === 'another-store' && this.#parts.whole)) &&
      !this.#oldCopy
    // From now on its numbers are above all that was heard of what it is a copy of.
    const ahead = verdict === 'more' && commits > own
    if (ahead) this.#offset += commits - own
    if (behind) this.#forget()
    else if (ahead) this.#keep()
    this.#listen(now)
    return behind
  }

  /**
   * This store and a member's were equal as of that instant, but for the partitions that are
   * named; `whole`: that one is. True if something was learnt, or will be if it is asked again.
   */
  equal(node: NodeId, asOf: Instant, whole: boolean, unequal?: ReadonlySet<number>): boolean {
    if (!this.needs(node) || !whole) return false
    const from = after(this.#startedAt ?? asOf, longestDeadlineMs)
    if (this.#startedAt === undefined || asOf < from) {
      sometimes('a store is equal too early to be whole')
      return true
    }
    const shared = [...this.open].filter(([, others]) => others.includes(node))
    const helps = this.#equalWith.add(
      node,
      shared.map(([partition]) => partition),
      unequal,
    )
    if (helps && unequal !== undefined) sometimes('a store is equal in some partitions')
    this.#prove()
    return helps
  }

  /** An operator takes as given what only that member could prove. Returns what that helps. */
  acceptLoss(node: NodeId): number {
    const helped = [...this.open.values()].filter(
      others => others.includes(node) || node === this.#parts.placement.self,
    ).length
    if (helped === 0) return 0
    this.#waived.add(node)
    this.#keep()
    this.#prove()
    return helped
  }

  /** An operator asks, and may accept a loss. */
  answer({ id, acceptLoss }: WholenessRequest): WholenessReply {
    const helped = acceptLoss === undefined ? 0 : this.acceptLoss(acceptLoss)
    const { whole, unwhole, waitsFor } = this.view()
    const { self: node } = this.#parts.placement
    return { type: 'wholeness-is', id, node, whole, unwhole, waitsFor, helped }
  }

  view(): WholenessView {
    const waitsFor = new Set<NodeId>()
    for (const [partition, others] of this.open) {
      for (const node of others) if (!this.#isGiven(node, partition)) waitsFor.add(node)
    }
    const unwhole = this.open.size
    return { whole: this.everywhere, unwhole, heard: this.#heard, waitsFor: [...waitsFor].sort() }
  }

  /** An operator takes as given what that member could prove. */
  isWaived(node: NodeId): boolean {
    return this.#waived.has(node)
  }

  /** Does that member own a partition that this node owns? */
  shares(node: NodeId): boolean {
    return this.#sharing().has(node)
  }

  /** Whoever has just begun asks all that it can reach, and waits a moment for them. */
  #listen(now: Instant): void {
    if (this.#heard) return
    const { placement } = this.#parts
    const others = this.#sharing()
    const isSilent = (node: NodeId) => others.has(node) && !this.#recalledBy.has(node)
    const waits =
      placement.connectedPeers.some(isSilent) && now < after(this.#startedAt ?? now, recallMs)
    this.#heard = others.size === 0 || (this.#recalledBy.size > 0 && !waits)
  }

  /** All that was proved was proved of another directory. */
  #forget(): void {
    sometimes('a store is an old copy')
    this.#oldCopy = true
    const { partitions } = this.#parts.placement.settings
    for (let partition = 0; partition < partitions; partition++) this.#unwhole.add(partition)
    this.#equalWith.clear()
    this.#waived.clear()
    this.#unproved = this.#unproveded()
    this.#keep()
  }

  #sharing(): ReadonlySet<NodeId> {
    const { ring, self } = this.#parts.placement
    if (this.#shared?.ring === ring) return this.#shared.with
    const others = new Set<NodeId>()
    this.#shared = { ring, with: others }
    for (const list of ring.lists) {
      if (list.includes(self)) for (const node of list) if (node !== self) others.add(node)
    }
    return others
  }

  /** Partitions of this node that are not whole, and the other primaries of each. */
  get open(): ReadonlyMap<number, readonly NodeId[]> {
    if (this.#unproved.ring !== this.#parts.placement.ring) this.#unproved = this.#unproveded()
    return this.#unproved.partitions
  }

  #unproveded() {
    const { ring, self } = this.#parts.placement
    const partitions = new Map<number, readonly NodeId[]>()
    for (const partition of this.#unwhole) {
      const list = ring.lists[partition] ?? []
      if (list.includes(self))
        partitions.set(
          partition,
          list.filter(node => node !== self),
        )
    }
    return { ring, partitions }
  }

  /** Each partition with enough proof is whole from now on, durably with the next commit. */
  #prove(): void {
    const proved = [...this.open].filter(([one, others]) => this.#isProved(one, others))
    if (proved.length === 0) return
    for (const [partition] of proved) this.#unwhole.delete(partition)
    this.#unproved = this.#unproveded()
    if (this.open.size === 0) {
      sometimes('a store becomes whole')
      this.#waived.clear()
    } else sometimes('a store is whole in part')
    this.#keep()
  }

  /** Whoever is alone has nobody to prove it by: it waits for an operator. */
  #isProved(partition: number, others: readonly NodeId[]): boolean {
    const { placement } = this.#parts
    if (others.length === 0) return this.#waived.has(placement.self)
    const { replicas, writeQuorum } = placement.settings
    const needed = mutant(42) ? 1 : Math.min(replicas - 1, replicas - writeQuorum + 1)
    return others.filter(node => this.#isGiven(node, partition)).length >= needed
  }

  #isGiven(node: NodeId, partition: number): boolean {
    return this.#equalWith.has(node, partition) || this.#waived.has(node)
  }

  #keep(): void {
    const { hash, placement, write } = this.#parts
    const row = { offset: this.#offset, waived: [...this.#waived], unwhole: this.#unwhole }
    this.#hasRow = true
    write(wholenessRowKey, encodeWholeness(hash, row, placement.settings.partitions))
  }
}

/** So long a start waits for all that it can reach before one is enough. */
const recallMs = 2000
