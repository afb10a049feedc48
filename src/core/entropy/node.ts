/**
 * Nodes of the radix tree over the token's bits (design §6.3): a node is all tokens that begin
 * with the same bits, so it has the same name on every member for ever, and a join moves
 * partitions but no node. Bits are counted from the token's top; 48 of its 64 are enough.
 */
import { binaryOfUint48, uint48Of } from '../binary.ts'
import type { Token } from '../ids.ts'
import { objectRowAt, objectRowsEnd } from '../row-key.ts'
import type { RowKey } from '../step.ts'

/** So deep nodes go: below, no two tokens meet but by a search of 2^48 keys. */
export const levelMax = 48

/** Where a token is: its first 48 bits, as a whole number. */
export function placeOf(token: Token): number {
  return uint48Of(token)
}

/** The bits that a node at this level begins with, as a whole number. */
export function prefixOf(place: number, level: number): number {
  return Math.floor(place / (widths[level] as number))
}

/** Bounds that enclose the objects of a node; no object's row is equal to either. */
export function rowsOf(
  level: number,
  prefix: number,
): { readonly from: RowKey; readonly to: RowKey } {
  const width = 2 ** (levelMax - level)
  const end = (prefix + 1) * width
  return {
    from: objectRowAt(binaryOfUint48(prefix * width)),
    to: end >= 2 ** levelMax ? objectRowsEnd : objectRowAt(binaryOfUint48(end)),
  }
}

/** Places in a node of each level. */
const widths = Array.from({ length: levelMax + 1 }, (_, level) => 2 ** (levelMax - level))
