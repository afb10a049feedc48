/**
 * Rows that were found damaged, their bytes kept aside for whoever wants to know what became of
 * them. The damaged row itself stays until another member's copy takes its place: it answers
 * nobody, which "not found" would (design §4), and the tree counts it as none.
 */
import type { Key, Token } from './ids.ts'
import type { Pending } from './pending.ts'
import { quarantineRowKey, quarantineRows } from './row-key.ts'
import type { RowKey, Store } from './step.ts'

export class Quarantine<Meaning, Then> {
  readonly #pending: Pending<Meaning, Then>
  readonly #rows = new Set<RowKey>()

  constructor(reads: Store, pending: Pending<Meaning, Then>) {
    this.#pending = pending
    const { from, to } = quarantineRows
    for (const { key } of reads.range(from, to, rowsMax)) this.#rows.add(key)
  }

  /** Rows in the store, or on their way there. */
  get rows(): number {
    return this.#rows.size
  }

  /** Keeps the bytes of a damaged row; past a bound only those of rows that are kept already. */
  keep(token: Token, key: Key, bytes: Uint8Array): void {
    const row = quarantineRowKey(token, key)
    if (this.#rows.size >= rowsMax && !this.#rows.has(row)) return
    this.#rows.add(row)
    this.#pending.write(row, { bytes, meaning: undefined })
  }
}

const rowsMax = 10_000
