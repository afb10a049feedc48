/**
 * What a store that was not whole has proved since, in a row of its own (`row-key.ts`):
 *
 *   format 1 ‖ CRC-32 4 ‖ offset 6 ‖ waived members 1, each: length 1, name
 *   ‖ one bit for each partition: it is whole
 *
 * No row: the store is what it was when its process began.
 */
import {
  readUint8,
  readUint32,
  readUint48,
  writeUint8,
  writeUint32,
  writeUint48,
} from '../big-endian.ts'
import { binaryOf, writeBinary } from '../binary.ts'
import type { Hash } from '../hash.ts'
import type { NodeId } from '../ids.ts'

export type WholenessRow = {
  /** What is added to the store's commit number where others heard higher ones of the node. */
  readonly offset: number
  /** What only these could prove is taken as given. */
  readonly waived: readonly NodeId[]
  /** Partitions that are not whole. */
  readonly unwhole: ReadonlySet<number>
}

export function encodeWholeness(hash: Hash, row: WholenessRow, partitions: number): Uint8Array {
  const names = row.waived.reduce((sum, name) => sum + 1 + name.length, 0)
  const bytes = new Uint8Array(HEADER + names + Math.ceil(partitions / 8))
  let at = writeUint48(bytes, CHECKED_FROM, row.offset)
  at = writeUint8(bytes, at, row.waived.length)
  for (const name of row.waived) at = writeBinary(bytes, writeUint8(bytes, at, name.length), name)
  for (let partition = 0; partition < partitions; partition++) {
    if (row.unwhole.has(partition)) continue
    const byte = at + (partition >>> 3)
    writeUint8(bytes, byte, readUint8(bytes, byte) | (1 << (partition & 7)))
  }
  writeUint8(bytes, 0, FORMAT)
  writeUint32(bytes, 1, hash.crc32(bytes.subarray(CHECKED_FROM)))
  return bytes
}

/** undefined where the row is damaged, or of another number of partitions. */
export function decodeWholeness(
  hash: Hash,
  bytes: Uint8Array,
  partitions: number,
): WholenessRow | undefined {
  if (bytes.length < HEADER || readUint8(bytes, 0) !== FORMAT) return undefined
  if (readUint32(bytes, 1) !== hash.crc32(bytes.subarray(CHECKED_FROM))) return undefined
  const waived: NodeId[] = []
  let at = HEADER
  for (let left = readUint8(bytes, HEADER - 1); left > 0; left--) {
    const end = at + 1 + readUint8(bytes, at)
    waived.push(binaryOf(bytes, at + 1, end) as NodeId)
    at = end
  }
  if (bytes.length - at !== Math.ceil(partitions / 8)) return undefined
  const unwhole = new Set<number>()
  for (let partition = 0; partition < partitions; partition++) {
    const bit = readUint8(bytes, at + (partition >>> 3)) & (1 << (partition & 7))
    if (bit === 0) unwhole.add(partition)
  }
  return { offset: readUint48(bytes, CHECKED_FROM), waived, unwhole }
}

const FORMAT = 1
const CHECKED_FROM = 5
const HEADER = 12
