/**
 * What this node durably held at a cut (antientropy §3.6): the tree's sums and the store's rows
 * without the changes that the cut leaves out.
 */
import type { Instant } from '../ids.ts'
import type { RowKey } from '../step.ts'
import type { Change, Cut } from './change.ts'
import { prefixOf, rowsOf } from './node.ts'
import { statesBefore } from './recent.ts'
import type { Shared } from './shared.ts'
import { addItem, sumWords, takeItem } from './sum.ts'
import type { Tree } from './tree.ts'

/** An object as it was: its row and its item digest. */
export type Item = { readonly row: RowKey; readonly digest: string }

export class AsOf {
  readonly #tree: Tree
  readonly #shared: Shared
  readonly #left: readonly Change[]
  #states: ReadonlyMap<RowKey, Change> | undefined

  constructor(tree: Tree, shared: Shared, cut: Cut, now: Instant) {
    this.#tree = tree
    this.#shared = shared
    this.#left = tree.recent
      .after(cut, now)
      .filter(({ place }) => shared.has(prefixOf(place, shared.bits)))
  }

  /** The sums of these nodes of one level, in ascending order of their prefixes. */
  sums(level: number, prefixes: readonly number[]): Uint32Array {
    const sums = new Uint32Array(sumWords * prefixes.length)
    for (const [i, prefix] of prefixes.entries()) {
      this.#tree.addTo(sums, sumWords * i, level, prefix, this.#shared.has)
    }
    for (const { place, before, after } of this.#left) {
      const i = indexOf(prefixes, prefixOf(place, level))
      if (i < 0) continue
      takeItem(sums, sumWords * i, after)
      addItem(sums, sumWords * i, before ?? '')
    }
    return sums
  }

  /** The shared objects of a node, in the order of tokens, at most about `limit`. */
  items(level: number, prefix: number, limit: number): readonly Item[] {
    const { bits } = this.#shared
    if (level >= bits) return this.#itemsOf(level, prefix, limit)
    const items: Item[] = []
    for (const partition of this.#shared.children(level, prefix, bits - level)) {
      if (items.length < limit) items.push(...this.#itemsOf(bits, partition, limit - items.length))
    }
    return items
  }

  /** Was this object changed so lately that the other side may not know? */
  isRecent(row: RowKey, now: Instant): boolean {
    return this.#tree.recent.has(row, now)
  }

  #itemsOf(level: number, prefix: number, limit: number): readonly Item[] {
    // A commit may be on the disk before this node hears of it: it does not count yet.
    this.#states ??= statesBefore([...this.#left, ...this.#tree.underWay])
    const items: Item[] = []
    const { from, to } = rowsOf(level, prefix)
    for (const row of this.#tree.counter.page(from, to, limit)) {
      const state = this.#states.get(row.key)
      const digest = state === undefined ? this.#tree.counter.digestOf(row) : (state.before ?? '')
      if (digest !== '') items.push({ row: row.key, digest })
    }
    return items
  }
}

/** Where a number is in an ascending list; -1: nowhere. */
function indexOf(sorted: readonly number[], wanted: number): number {
  let low = 0
  let high = sorted.length - 1
  while (low <= high) {
    const middle = (low + high) >>> 1
    const found = sorted[middle] as number
    if (found === wanted) return middle
    if (found < wanted) low = middle + 1
    else high = middle - 1
  }
  return -1
}
