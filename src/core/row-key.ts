/**
 * Row keys of the store: key space byte ‖ token ‖ key (design §2), so that a partition, a leaf
 * of the tree and a token range are each one contiguous scan. Key spaces:
 *
 *   0x00        what the store knows of itself: identity, commit number, settings
 *   0x10        objects of plain puts
 *   0x20        hints: token ‖ length of key 2 ‖ key ‖ owner, so that handoff writes in order
 *   0x30        the tree: sums and markers (`entropy/tree-rows.ts`)
 *   0x40        partitions: generation, floor, marks
 *   0x48        what this store has proved since it was not whole (`wholeness/`)
 *   0x49        what was heard of the stores of other members (`wholeness/lives.ts`)
 *   0x50        members: the view, and where each was last heard to listen
 *   0x60        what was proved equal with whom, and when (`entropy/proofs.ts`)
 *   0x68        what a reap may remove or shed, found without a scan (`reaping/reapable.ts`)
 *   0x70        rows that were found damaged: token ‖ key (`quarantine.ts`)
 *   0x80        compare-and-set data, which plain puts, hints and repair refuse
 *
 * The others are free: a further index or history takes one of its own.
 */
import type { Key, NodeId, Partition, Token } from './ids.ts'
import type { RowKey } from './step.ts'

/** Bounds of a scan. */
export type RowRange = { readonly from: RowKey; readonly to: RowKey }

/** The key space of plain puts' objects. */
export const objectSpace = '\x10'

/** The row of a plain put's object. */
export function objectRowKey(token: Token, key: Key): RowKey {
  return (objectSpace + token + key) as RowKey
}

/** Where token ‖ key, or a prefix of one, stands among the objects; '' is before them all. */
export function objectRowAt(position: string): RowKey {
  return (objectSpace + position) as RowKey
}

/** Behind every object. */
export const objectRowsEnd = '\x11' as RowKey

/** Bounds that enclose the objects of one partition; no object's row is equal to either. */
export function partitionRange(partition: Partition, partitions: number): RowRange {
  return rangeOf({ from: objectRowAt(''), to: objectRowsEnd }, partition, partitions)
}

/** The token and key in an object's row key. */
export function keyOfRow(row: RowKey): { readonly token: Token; readonly key: Key } {
  return { token: row.slice(1, 9) as Token, key: row.slice(9) as Key }
}

/** The row of the hint that is kept of this key for this owner. */
export function hintRowKey(token: Token, key: Key, owner: NodeId): RowKey {
  return (hintsOfKey(token, key) + owner) as RowKey
}

/** Bounds that enclose the hints of one key; owners are ASCII. */
export function hintRowsOf(token: Token, key: Key): RowRange {
  const from = hintsOfKey(token, key)
  return { from: from as RowKey, to: `${from}\x7f` as RowKey }
}

/** Bounds that enclose the hints whose tokens begin with these 16 bits. */
export function hintRowsIn(place: number): RowRange {
  const prefix = `\x20${String.fromCharCode(place >>> 8, place & 0xff)}`
  return { from: prefix as RowKey, to: `${prefix}${'\xff'.repeat(9)}` as RowKey }
}

/** Bounds that enclose the hints of one partition; no hint's row is equal to either. */
export function hintRowsOfPartition(partition: Partition, partitions: number): RowRange {
  return rangeOf(hintRows, partition, partitions)
}

/** Bounds that enclose all hints. */
export const hintRows = { from: '\x20' as RowKey, to: '\x21' as RowKey }

/** Whose hint of which key a row is. */
export function hintOfRow(row: RowKey): {
  readonly token: Token
  readonly key: Key
  readonly owner: NodeId
} {
  const end = 11 + row.charCodeAt(9) * 256 + row.charCodeAt(10)
  return {
    token: row.slice(1, 9) as Token,
    key: row.slice(11, end) as Key,
    owner: row.slice(end) as NodeId,
  }
}

/** What this store has proved since it was not whole. */
export const wholenessRowKey = '\x48' as RowKey

/** The row of what was heard of a member's stores. */
export function lifeRowKey(id: NodeId): RowKey {
  return (LIVES + id) as RowKey
}

/** Bounds that enclose those rows. */
export const lifeRows = { from: '\x49' as RowKey, to: '\x4a' as RowKey }

/** The row of a member. */
export function memberRowKey(id: NodeId): RowKey {
  return (MEMBERS + id) as RowKey
}

/** Bounds that enclose the rows of members. */
export const memberRows = { from: '\x50' as RowKey, to: '\x51' as RowKey }

/** The member that a row is of. */
export function memberOfRow(row: RowKey): NodeId {
  return row.slice(1) as NodeId
}

/** The row of what was proved with a member. */
export function proofRowKey(node: NodeId): RowKey {
  return (PROOFS + node) as RowKey
}

/** Bounds that enclose the rows of proofs. */
export const proofRows = { from: '\x60' as RowKey, to: '\x61' as RowKey }

/** With whom a row's proofs are. */
export function provedWith(row: RowKey): NodeId {
  return row.slice(1) as NodeId
}

/** Where the bytes of a damaged row are kept. */
export function quarantineRowKey(token: Token, key: Key): RowKey {
  return (QUARANTINE + token + key) as RowKey
}

/** Bounds that enclose them. */
export const quarantineRows = { from: '\x70' as RowKey, to: '\x71' as RowKey }

const HINTS = '\x20'
const LIVES = '\x49'
const MEMBERS = '\x50'
const PROOFS = '\x60'
const QUARANTINE = '\x70'

function hintsOfKey(token: Token, key: Key): string {
  return HINTS + token + String.fromCharCode(key.length >>> 8, key.length & 255) + key
}

/** The lowest token of a partition; `partitions` is a power of two up to 65,536. */
export function firstToken(partition: number, partitions: number): string {
  const top = (partition * 65_536) / partitions
  return String.fromCharCode(top >>> 8, top & 255).padEnd(8, '\0')
}

/** The part of a key space in which one partition lies, if its rows go on with a token. */
function rangeOf(space: RowRange, partition: Partition, partitions: number): RowRange {
  const next = partition + 1
  return {
    from: (space.from + firstToken(partition, partitions)) as RowKey,
    to: next < partitions ? ((space.from + firstToken(next, partitions)) as RowKey) : space.to,
  }
}
