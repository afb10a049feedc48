/**
 * The view: who the members are, as operators decided it (design §3). A join-semilattice: a node
 * id is absent < member (its attributes: the highest version) < removed, for ever. Views merge
 * and only grow, so that two nodes that heard the same changes in any order know the same.
 */
import { binaryOf, compareBinary } from '../binary.ts'
import type { NodeId } from '../ids.ts'

export type ViewEntry = {
  readonly id: NodeId
  /** Terminal: who comes back takes another id. */
  readonly removed: boolean
  /** Of the attributes below; below 2^48. */
  readonly version: number
  /** Whole 64ths, above 0 (`ring/shares.ts`). */
  readonly weight: number
  readonly zone: string
  /** Reserved for stage 7 (`security.md` §2.10): relayed unread, covered by the epoch. */
  readonly key: Uint8Array | undefined
  readonly statement: Uint8Array | undefined
}

/** Sorted by id, each once. */
export type View = readonly ViewEntry[]

export const membersMax = 1024

export const emptyView: View = []

/** The entries as a view, in whatever order they are listed. */
export function viewOf(entries: readonly ViewEntry[]): View {
  return mergeViews(emptyView, entries)
}

/** What both know; `a` itself where the other adds nothing. */
export function mergeViews(a: View, b: readonly ViewEntry[]): View {
  const merged = new Map(a.map(entry => [entry.id, entry]))
  let changed = false
  for (const entry of b) {
    const known = merged.get(entry.id)
    if (known !== undefined && compareEntries(known, entry) >= 0) continue
    merged.set(entry.id, entry)
    changed = true
  }
  return changed ? [...merged.values()].sort((x, y) => compareBinary(x.id, y.id)) : a
}

/** Those that own data. */
export function membersIn(view: View): readonly ViewEntry[] {
  return view.filter(entry => !entry.removed)
}

/** Which of two entries of one id is later: removal, then version, then content. */
export function compareEntries(a: ViewEntry, b: ViewEntry): number {
  return (
    Number(a.removed) - Number(b.removed) ||
    a.version - b.version ||
    a.weight - b.weight ||
    compareBinary(a.zone, b.zone) ||
    compareBytes(a.key, b.key) ||
    compareBytes(a.statement, b.statement)
  )
}

function compareBytes(a: Uint8Array | undefined, b: Uint8Array | undefined): number {
  if (a === undefined || b === undefined) return Number(a !== undefined) - Number(b !== undefined)
  return compareBinary(binaryOf(a), binaryOf(b))
}
