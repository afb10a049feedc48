/**
 * Rows that do not have their checksum, by whoever came upon them: a read, a write that builds on
 * the row, scrub. Each is told once, until it is written anew, and all of them are counted: a
 * disk that rots is to be heard of even if every read is mended by another replica.
 */
import { partitionOf } from './hash.ts'
import type { Placement } from './placement.ts'
import { keyOfRow } from './row-key.ts'
import type { Effect, RowKey } from './step.ts'

export class Damage {
  readonly #known = new Set<RowKey>()
  #untold: RowKey[] = []
  #total = 0

  /** Since the start. */
  get total(): number {
    return this.#total
  }

  found(row: RowKey): void {
    if (this.#known.has(row)) return
    if (this.#known.size >= knownMax) this.#known.clear()
    this.#known.add(row)
    this.#untold.push(row)
    this.#total++
  }

  /** Something else is in its place. */
  written(row: RowKey): void {
    if (this.#known.size > 0) this.#known.delete(row)
  }

  /** What was found since this was last asked. */
  take(): readonly RowKey[] {
    if (this.#untold.length === 0) return none
    const untold = this.#untold
    this.#untold = []
    return untold
  }
}

/** An alarm for each row that was found since. */
export function tellDamage(damage: Damage, { settings }: Placement, out: Effect[]): void {
  for (const row of damage.take()) {
    const { token, key } = keyOfRow(row)
    const detail = { partition: partitionOf(token, settings.partitions), keyBytes: key.length }
    out.push({ type: 'note', note: { level: 'error', event: 'record-damaged', detail } })
  }
}

const none: readonly RowKey[] = []
const knownMax = 10_000
