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

/** What a host shows of it. */
export type WholenessView = {
  /** All that this node owns is whole. */
  readonly whole: boolean
  /** Partitions of this node that are not. */
  readonly unwhole: number
  /** Whom they wait for: whole primaries that this store was not yet equal with. */
  readonly waitsFor: readonly NodeId[]
}

export class Wholeness {
  readonly #parts: Parts
  readonly #unwhole: Set<number>
  readonly #waived: Set<NodeId>
  /** Members that were whole when this store was equal with them, late enough after the start. */
  readonly #equalWith = new Set<NodeId>()
  #oldCopy = false
  #startedAt: Instant | undefined
  /** Partitions of this node that are not whole, by the ring that says which are its own. */
  #open: { readonly ring: Ring; readonly partitions: ReadonlyMap<number, readonly NodeId[]> }
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
    this.#oldCopy = row?.oldCopy ?? false
    this.#hasRow = bytes !== undefined
    this.#open = this.#opened()
  }

  /** Rows of this in the store. */
  get rows(): number {
    return this.#hasRow ? 1 : 0
  }

  /** Nothing that this node owns is in doubt. */
  get everywhere(): boolean {
    return this.#unwhole.size === 0 || this.#own.size === 0
  }

  /** Does what this store says of the key, "nothing" too, count to R? */
  isWhole(token: Token): boolean {
    if (this.#unwhole.size === 0) return true
    const { placement } = this.#parts
    const partition = partitionOf(token, placement.settings.partitions)
    return placement.owns(token) ? !this.#unwhole.has(partition) : this.everywhere
  }

  /** Is all whole that this node shares with that one? */
  isWholeWith(node: NodeId): boolean {
    if (this.#unwhole.size === 0) return true
    for (const others of this.#own.values()) if (others.includes(node)) return false
    return true
  }

  /** Would it help to be equal with that member? */
  needs(node: NodeId): boolean {
    return !this.#equalWith.has(node) && !this.isWholeWith(node)
  }

  tick(now: Instant): void {
    this.#startedAt ??= now
  }

  /** This store and a member's were equal as of that instant; `whole`: that one is. */
  equal(node: NodeId, asOf: Instant, whole: boolean): void {
    if (!this.needs(node)) return
    if (!whole) return
    const from = after(this.#startedAt ?? asOf, longestDeadlineMs)
    if (this.#startedAt === undefined || asOf < from) {
      return sometimes('a store is equal too early to be whole')
    }
    this.#equalWith.add(node)
    this.#prove()
  }

  /** An operator takes as given what only that member could prove. Returns what that helps. */
  acceptLoss(node: NodeId): number {
    const helped = [...this.#own.values()].filter(
      others => others.includes(node) || node === this.#parts.placement.self,
    ).length
    if (helped === 0) return 0
    this.#waived.add(node)
    this.#keep()
    this.#prove()
    return helped
  }

  view(): WholenessView {
    const waitsFor = new Set<NodeId>()
    for (const others of this.#own.values()) {
      for (const node of others) if (!this.#isGiven(node)) waitsFor.add(node)
    }
    const unwhole = this.#own.size
    return { whole: this.everywhere, unwhole, waitsFor: [...waitsFor].sort() }
  }

  get #own(): ReadonlyMap<number, readonly NodeId[]> {
    if (this.#open.ring !== this.#parts.placement.ring) this.#open = this.#opened()
    return this.#open.partitions
  }

  #opened() {
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
    const proved = [...this.#own].filter(([, others]) => this.#isProved(others))
    if (proved.length === 0) return
    for (const [partition] of proved) this.#unwhole.delete(partition)
    this.#open = this.#opened()
    if (this.#own.size === 0) {
      sometimes('a store becomes whole')
      this.#waived.clear()
      this.#oldCopy = false
    } else sometimes('a store is whole in part')
    this.#keep()
  }

  /** Whoever is alone has nobody to prove it by: it waits for an operator. */
  #isProved(others: readonly NodeId[]): boolean {
    const { placement } = this.#parts
    if (others.length === 0) return this.#waived.has(placement.self)
    const { replicas, writeQuorum } = placement.settings
    const needed = mutant(42) ? 1 : Math.min(replicas - 1, replicas - writeQuorum + 1)
    return others.filter(node => this.#isGiven(node)).length >= needed
  }

  #isGiven(node: NodeId): boolean {
    return this.#equalWith.has(node) || this.#waived.has(node)
  }

  #keep(): void {
    const { hash, placement, write } = this.#parts
    const row = { oldCopy: this.#oldCopy, waived: [...this.#waived], unwhole: this.#unwhole }
    this.#hasRow = true
    write(wholenessRowKey, encodeWholeness(hash, row, placement.settings.partitions))
  }
}
