/**
 * Counts objects from the store: one block after a crash, one leaf that is in doubt, or a whole
 * partition whose number of leaves no longer fits its keys, in steps and beside the old one.
 */
import { digestOfRecord } from '../causality/record.ts'
import type { Hash } from '../hash.ts'
import { keyOfRow } from '../row-key.ts'
import type { RowKey, Store, StoredRow } from '../step.ts'
import type { Change } from './change.ts'
import type { Leaves } from './leaves.ts'
import { placeOf, rowsOf } from './node.ts'

export class Counter {
  /** Rows that were found damaged and counted as none, until they are written again. */
  readonly damaged = new Set<RowKey>()
  readonly #hash: Hash
  readonly #reads: Store

  constructor(hash: Hash, reads: Store) {
    this.#hash = hash
    this.#reads = reads
  }

  /** Adds the objects of a node to leaves that have none of it; returns how many rows it read. */
  count(into: Leaves, level: number, prefix: number): number {
    const { from, to } = rowsOf(level, prefix)
    let read = 0
    for (let after = from; ; ) {
      const rows = this.page(after, to)
      for (const row of rows) this.add(into, row)
      read += rows.length
      const last = rows.at(-1)
      if (last === undefined || rows.length < rowsAtOnce) return read
      after = last.key
    }
  }

  page(after: RowKey, to: RowKey, limit = rowsAtOnce): readonly StoredRow[] {
    return this.#reads.range(after, to, limit)
  }

  /** The item digest of a row; '' where it is damaged, as good as none. */
  digestOf({ key: row, value }: StoredRow): string {
    return digestOfRecord(this.#hash, keyOfRow(row).key, value) ?? ''
  }

  /** False where the row is damaged. */
  add(into: Leaves, row: StoredRow): boolean {
    const { token, key } = keyOfRow(row.key)
    const digest = digestOfRecord(this.#hash, key, row.value)
    if (digest === undefined) this.damaged.add(row.key)
    else into.change(placeOf(token), '', digest)
    return digest !== undefined
  }
}

export class Rebuild {
  readonly leaves: Leaves
  readonly #counter: Counter
  readonly #seen: ((row: StoredRow) => void) | undefined
  readonly #to: RowKey
  /** Rows up to here are counted. */
  #at: RowKey
  #done = false
  readonly #damaged = new Set<RowKey>()
  #sound = true

  /** `seen`: hears of every row that is counted. */
  constructor(
    counter: Counter,
    leaves: Leaves,
    level: number,
    prefix: number,
    seen?: (row: StoredRow) => void,
  ) {
    this.#seen = seen
    const { from, to } = rowsOf(level, prefix)
    this.leaves = leaves
    this.#counter = counter
    this.#at = from
    this.#to = to
  }

  get done(): boolean {
    return this.#done
  }

  /** False where a row was damaged behind its count: it has to be counted from the beginning. */
  get sound(): boolean {
    return this.#sound
  }

  /** A change is durable: it counts here too, unless its row is read later. */
  change({ row, place, before, after }: Change): void {
    if (!this.#done && row > this.#at) return
    // Whoever wrote it may have read it before it was damaged.
    const wasNone = this.#damaged.delete(row)
    if (before === undefined && !wasNone) this.#sound = false
    this.leaves.change(place, wasNone ? '' : (before ?? ''), after)
  }

  /** Counts some more rows, and returns how many. Only between commits. */
  step(limit = rowsAtOnce): number {
    const rows = this.#counter.page(this.#at, this.#to, limit)
    for (const row of rows) {
      this.#seen?.(row)
      if (!this.#counter.add(this.leaves, row)) this.#damaged.add(row.key)
    }
    this.#at = rows.at(-1)?.key ?? this.#at
    this.#done = rows.length < limit
    return rows.length
  }
}

const rowsAtOnce = 256
