/** A write as the tree sees it: the item digest of one row before and after. */
import type { Instant, WallTime } from '../ids.ts'
import type { RowKey } from '../step.ts'
import { prefixOf } from './node.ts'

export type Change = {
  readonly row: RowKey
  /** The token's first 48 bits (`node.ts`). */
  readonly place: number
  /** 8 bytes, or '' for none; undefined: what the row counted as is not known, it is damaged. */
  readonly before: string | undefined
  readonly after: string
  /** The coordinator's stamp; never below that of an earlier change of the row. */
  stamp: WallTime
  /** When it was durable here. */
  durableAt: Instant
}

/**
 * As of when sums and lists are: without what was written after `stamp` and came here in the
 * last `ageMs` milliseconds (antientropy §3.6). Both, so that no clock hides anything for long.
 */
export type Cut = { readonly stamp: WallTime; readonly ageMs: number }

/** The changes of each partition; `bits` name one. */
export function byPartition(
  batch: readonly Change[],
  bits: number,
): ReadonlyMap<number, readonly Change[]> {
  const changes = new Map<number, Change[]>()
  for (const change of batch) {
    const partition = prefixOf(change.place, bits)
    const some = changes.get(partition)
    if (some === undefined) changes.set(partition, [change])
    else some.push(change)
  }
  return changes
}
