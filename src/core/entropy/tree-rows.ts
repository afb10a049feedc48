/**
 * The tree's rows, all in key space 0x30 (`row-key.ts`):
 *
 *   0x30 0                              what the tree is of: format 1 ‖ bits 1 ‖ key's hash 8
 *   0x30 1 ‖ partition 2 ‖ block 3      a block of leaves as of its last checkpoint
 *   0x30 2 ‖ round 4 ‖ number 4         marker: the blocks that a commit was the first to change
 *
 * Both have a checksum: a damaged block is counted again, after a damaged marker all are.
 * A marker is one row for all that a commit changes (antientropy §3.3): a row for each put would
 * cost a third of the rate.
 */

import {
  readUint8,
  readUint16,
  readUint32,
  writeUint8,
  writeUint16,
  writeUint32,
} from '../big-endian.ts'
import { hexOf } from '../binary.ts'
import type { Hash } from '../hash.ts'
import type { RowKey, Store, StoredRow } from '../step.ts'

/** A block of a partition, as one number. */
export type BlockId = number

export const headerRow = '\x30\x00' as RowKey
export const blockRows = { from: '\x30\x01' as RowKey, to: '\x30\x02' as RowKey }
export const markerRows = { from: '\x30\x02' as RowKey, to: '\x30\x03' as RowKey }
/** All of these, and the header. */
export const treeRows = { from: '\x30' as RowKey, to: markerRows.to }

export function blockId(partition: number, block: number): BlockId {
  return partition * blocksMax + block
}

export function placeOfBlock(id: BlockId): { readonly partition: number; readonly block: number } {
  return { partition: Math.floor(id / blocksMax), block: id % blocksMax }
}

export function blockRowKey(id: BlockId): RowKey {
  const { partition, block } = placeOfBlock(id)
  const high = String.fromCharCode(partition >>> 8, partition & 255, block >>> 16)
  return (blockRows.from + high + String.fromCharCode((block >>> 8) & 255, block & 255)) as RowKey
}

export function blockOfRow(row: RowKey): BlockId {
  const code = (at: number) => row.charCodeAt(at)
  return blockId(code(2) * 256 + code(3), code(4) * 65_536 + code(5) * 256 + code(6))
}

export function markerRowKey(round: number, number: number): RowKey {
  return (markerRows.from + uint32(round) + uint32(number)) as RowKey
}

/** The round of a marker's row. */
export function roundOfRow(row: RowKey): number {
  return Number.parseInt(hexOf(row.slice(2, 6)), 16)
}

/** CRC-32 4 ‖ five bytes a block. */
export function encodeMarker(hash: Hash, blocks: readonly BlockId[]): Uint8Array {
  const bytes = new Uint8Array(4 + 5 * blocks.length)
  let at = 4
  for (const id of blocks) {
    const { partition, block } = placeOfBlock(id)
    at = writeUint16(bytes, at, partition)
    at = writeUint8(bytes, at, block >>> 16)
    at = writeUint16(bytes, at, block & 0xffff)
  }
  writeUint32(bytes, 0, hash.crc32(bytes.subarray(4)))
  return bytes
}

/** The blocks; undefined where the row is damaged, and any block may be meant. */
export function decodeMarker(hash: Hash, bytes: Uint8Array): readonly BlockId[] | undefined {
  if (bytes.length < 4 || readUint32(bytes, 0) !== hash.crc32(bytes.subarray(4))) return undefined
  const blocks: BlockId[] = []
  for (let at = 4; at + 5 <= bytes.length; at += 5) {
    const block = readUint8(bytes, at + 2) * 65_536 + readUint16(bytes, at + 3)
    blocks.push(blockId(readUint16(bytes, at), block))
  }
  return blocks
}

/** What the tree's sums are of; other rows than this are of another tree. */
export function encodeHeader(bits: number, keyHash: string): Uint8Array {
  const bytes = new Uint8Array(10)
  writeUint8(bytes, writeUint8(bytes, 0, FORMAT), bits)
  for (let i = 0; i < 8; i++) bytes[2 + i] = keyHash.charCodeAt(i)
  return bytes
}

/** Rows between two bounds, in pages. */
export function* rowsIn(
  reads: Store,
  { from, to }: { readonly from: RowKey; readonly to: RowKey },
): Generator<StoredRow> {
  for (let after = from; ; ) {
    const rows = reads.range(after, to, rowsAtOnce)
    yield* rows
    const last = rows.at(-1)
    if (last === undefined || rows.length < rowsAtOnce) return
    after = last.key
  }
}

function uint32(value: number): string {
  const bytes = new Uint8Array(4)
  writeUint32(bytes, 0, value)
  return String.fromCharCode(...bytes)
}

const FORMAT = 1
const blocksMax = 2 ** 20
const rowsAtOnce = 512
