/**
 * What a node durably knows of the reaping of a partition (design §2, protocols P), in key space
 * 0x40 (`row-key.ts`):
 *
 *   0x40 ‖ partition 2        CRC-32 4 ‖ format 1 ‖ generation 4 ‖ floor 4 ‖ reaped 4
 */
import { readUint8, readUint32, writeUint8, writeUint32 } from '../big-endian.ts'
import type { Hash } from '../hash.ts'
import type { Generation, Partition } from '../ids.ts'
import type { RowKey } from '../step.ts'

export type PartitionState = {
  /** Stamps the copies that are read here. */
  readonly generation: Generation
  /** Copies that were read earlier are refused. */
  readonly floor: Generation
  /** The tombstones that were proved in earlier generations are gone here. */
  readonly reaped: Generation
}

/** Of a partition in which nothing was ever reaped. */
export const unreaped: PartitionState = { generation: 0, floor: 0, reaped: 0 }

/** Bounds that enclose all rows of partitions. */
export const partitionRows = { from: '\x40' as RowKey, to: '\x41' as RowKey }

export function partitionRowKey(partition: Partition): RowKey {
  return `\x40${String.fromCharCode(partition >>> 8, partition & 255)}` as RowKey
}

/** The partition that a row is of. */
export function partitionOfRow(row: RowKey): Partition {
  return (row.charCodeAt(1) * 256 + row.charCodeAt(2)) as Partition
}

/** Is it the row of a partition's state? */
export function isStateRow(row: RowKey): boolean {
  return row.length === 3
}

export function encodeState(hash: Hash, { generation, floor, reaped }: PartitionState): Uint8Array {
  const bytes = new Uint8Array(STATE)
  let at = writeUint8(bytes, 4, FORMAT)
  for (const one of [generation, floor, reaped]) at = writeUint32(bytes, at, one)
  writeUint32(bytes, 0, hash.crc32(bytes.subarray(4)))
  return bytes
}

/** undefined where the row is damaged. */
export function decodeState(hash: Hash, bytes: Uint8Array): PartitionState | undefined {
  if (bytes.length !== STATE || readUint8(bytes, 4) !== FORMAT) return undefined
  if (readUint32(bytes, 0) !== hash.crc32(bytes.subarray(4))) return undefined
  return {
    generation: readUint32(bytes, 5),
    floor: readUint32(bytes, 9),
    reaped: readUint32(bytes, 13),
  }
}

const FORMAT = 1
const STATE = 17
