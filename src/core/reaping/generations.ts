/**
 * The generation and the floor of each partition at this node (design §2, protocols P). A copy
 * of an object is stamped with the generation that it was read at; where it comes from below the
 * receiver's floor it is refused, for it may be older than a delete that was reaped since.
 */
import { mutant } from '#mutants'
import { type Hash, partitionOf } from '../hash.ts'
import type { Generation, Partition, Token } from '../ids.ts'
import type { PendingRow } from '../pending.ts'
import type { RowKey, Store } from '../step.ts'
import {
  decodeState,
  encodeState,
  isStateRow,
  type PartitionState,
  partitionOfRow,
  partitionRowKey,
  partitionRows,
  unreaped,
} from './partition-rows.ts'

type Parts<Then> = {
  readonly hash: Hash
  readonly reads: Store
  readonly pending: Writes<Then>
  readonly partitions: number
  readonly owns: (token: Token) => boolean
}
type Writes<Then> = {
  readonly write: (row: RowKey, value: PendingRow<never>, then?: Then) => void
}

export class Generations<Then> {
  readonly #parts: Parts<Then>
  /** As they will be once all that is pending is durable. */
  readonly #states = new Map<Partition, PartitionState>()
  /** What copies are stamped with: the durable generation, never one that a crash may take back. */
  readonly #stamps = new Map<Partition, Generation>()
  readonly #closed = new Set<Partition>()
  #gathering = new Map<Partition, Generation>()
  #underWay = new Map<Partition, Generation>()

  constructor(parts: Parts<Then>) {
    this.#parts = parts
    const { hash, reads, partitions } = parts
    for (const { key, value } of reads.range(
      partitionRows.from,
      partitionRows.to,
      2 * partitions,
    )) {
      if (!isStateRow(key)) continue
      // A damaged one is behind whatever the others say (`learning.ts`).
      const state = decodeState(hash, value) ?? unreaped
      this.#states.set(partitionOfRow(key), state)
      this.#stamps.set(partitionOfRow(key), state.generation)
    }
  }

  of(partition: Partition): PartitionState {
    return this.#states.get(partition) ?? unreaped
  }

  get partitions(): number {
    return this.#parts.partitions
  }

  partitionOf(token: Token): Partition {
    return partitionOf(token, this.#parts.partitions)
  }

  /** Copies of this key that were read earlier are refused. */
  floorOf(token: Token): Generation {
    return this.#states.size === 0 ? 0 : this.of(this.partitionOf(token)).floor
  }

  /** What is read or written of this key here and now is stamped so. */
  stampOf(token: Token): Generation {
    return this.#stamps.size === 0 ? 0 : (this.#stamps.get(this.partitionOf(token)) ?? 0)
  }

  /**
   * What a reader is told where nothing is held: clients stamp their puts with the highest that
   * they heard. Only owners are as far as a proof was: a fallback may have turned for a round that
   * was given up, and the next one may end at the same generation.
   */
  toldOf(token: Token): Generation {
    return this.#parts.owns(token) ? this.stampOf(token) : 0
  }

  /**
   * The generation of a row that says `kept`: of its own keys a node holds all that any proof
   * found, whenever it was written; of others' no more than when it was written.
   */
  ofRow(token: Token, kept: Generation): Generation {
    if (kept === 0 && this.#stamps.size === 0) return 0
    return this.#parts.owns(token) ? this.stampOf(token) : kept
  }

  /** Until it is heard how far the others are nothing of a partition is taken or told. */
  get anyClosed(): boolean {
    return this.#closed.size > 0
  }

  close(partition: Partition): void {
    this.#closed.add(partition)
  }

  open(partition: Partition): void {
    this.#closed.delete(partition)
  }

  get closed(): ReadonlySet<Partition> {
    return this.#closed
  }

  isOpen(partition: Partition): boolean {
    return !this.#closed.has(partition)
  }

  /** Is it known how far the others are with this key's partition? */
  knows(token: Token): boolean {
    return this.#closed.size === 0 || this.isOpen(this.partitionOf(token))
  }

  /** May a copy of this key be merged here? */
  takes(token: Token, generation: Generation): boolean {
    return this.knows(token) && (generation >= this.floorOf(token) || mutant(253))
  }

  /** Rows in the store. */
  get rows(): number {
    return this.#states.size
  }

  /** Writes a partition's state; `then` comes back once it is durable. */
  write(partition: Partition, state: PartitionState, then?: Then): void {
    const { hash, pending } = this.#parts
    this.#states.set(partition, state)
    this.#gathering.set(partition, state.generation)
    const bytes = encodeState(hash, state)
    pending.write(partitionRowKey(partition), { bytes, meaning: undefined }, then)
  }

  /** A commit goes: what gathered is in it. */
  turn(): void {
    this.#underWay = this.#gathering
    this.#gathering = new Map()
  }

  /** The commit under way is durable. */
  settled(): void {
    for (const [partition, generation] of this.#underWay) this.#stamps.set(partition, generation)
    this.#underWay = new Map()
  }
}
