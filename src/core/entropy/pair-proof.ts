/**
 * What comparisons with one member have shown (design §6.4): for each partition that both own,
 * when it was last proved equal, and what had to be repaired. Compact: one time for all, and
 * others for the few partitions that differed of late or were proved alone. Wall times are for
 * people only.
 *
 *   CRC-32 4 ‖ format 1 ‖ epoch 8 ‖ equal 6 ‖ counts ‖ number 4 ‖ partition 2, equal 6 …
 *   ‖ number 4 ‖ partition 2, counts …             counts: last 4 ‖ most 4 ‖ times 6 ‖ total 6
 */
import {
  readUint8,
  readUint16,
  readUint32,
  readUint48,
  writeUint8,
  writeUint16,
  writeUint32,
  writeUint48,
} from '../big-endian.ts'
import { binaryOf, writeBinary } from '../binary.ts'
import type { Hash } from '../hash.ts'
import type { Epoch, WallTime } from '../ids.ts'

/** Copies that moved, over those comparisons that moved any. */
export type RepairCounts = {
  readonly last: number
  readonly most: number
  readonly times: number
  readonly total: number
}
export const noRepairs: RepairCounts = { last: 0, most: 0, times: 0, total: 0 }

/** What a comparison that came to its end has found, of these partitions. */
export type Finding = {
  readonly epoch: Epoch
  /** As of when; 0 where it broke off and proves nothing. */
  readonly stamp: WallTime
  /** The only ones that were compared; undefined: all that the two share. */
  readonly only: readonly number[] | undefined
  /** Those that were not equal. */
  readonly unequal: ReadonlySet<number>
  /** Copies that moved, by partition. */
  readonly moved: ReadonlyMap<number, number>
}

export class PairProof {
  #epoch = '\0'.repeat(8) as Epoch
  #equalAt: WallTime = 0
  /** Those that were last equal at another time; 0: never yet. */
  readonly #apart = new Map<number, WallTime>()
  #repairs = noRepairs
  readonly #byPartition = new Map<number, RepairCounts>()

  get epoch(): Epoch {
    return this.#epoch
  }

  get repairs(): RepairCounts {
    return this.#repairs
  }

  /** When this partition was last proved equal; 0: never. */
  equalAt(partition: number): WallTime {
    return this.#apart.get(partition) ?? this.#equalAt
  }

  repairsOf(partition: number): RepairCounts {
    return this.#byPartition.get(partition) ?? noRepairs
  }

  take({ epoch, stamp, only, unequal, moved }: Finding): void {
    if (epoch !== this.#epoch) this.#forget(epoch)
    if (stamp > 0) this.#prove(stamp, only, unequal)
    let total = 0
    for (const [partition, count] of moved) {
      total += count
      this.#byPartition.set(partition, counting(this.repairsOf(partition), count))
    }
    if (total > 0) this.#repairs = counting(this.#repairs, total)
  }

  encode(hash: Hash): Uint8Array {
    const apart = [...this.#apart]
    const counted = [...this.#byPartition]
    const size = FIXED + APART * apart.length + COUNTED * counted.length
    const bytes = new Uint8Array(size)
    let at = writeBinary(bytes, writeUint8(bytes, 4, FORMAT), this.#epoch)
    at = writeCounts(bytes, writeUint48(bytes, at, this.#equalAt), this.#repairs)
    at = writeUint32(bytes, at, apart.length)
    for (const [partition, time] of apart) {
      at = writeUint48(bytes, writeUint16(bytes, at, partition), time)
    }
    at = writeUint32(bytes, at, counted.length)
    for (const [partition, counts] of counted) {
      at = writeCounts(bytes, writeUint16(bytes, at, partition), counts)
    }
    writeUint32(bytes, 0, hash.crc32(bytes.subarray(4)))
    return bytes
  }

  /** Of an earlier start; false where the row is damaged: then nothing is known. */
  decode(hash: Hash, bytes: Uint8Array): boolean {
    if (bytes.length < FIXED || readUint32(bytes, 0) !== hash.crc32(bytes.subarray(4))) return false
    if (readUint8(bytes, 4) !== FORMAT) return false
    this.#epoch = binaryOf(bytes, 5, 13) as Epoch
    this.#equalAt = readUint48(bytes, 13)
    this.#repairs = readCounts(bytes, 19)
    let at = 19 + COUNTS
    const apart = readUint32(bytes, at)
    at += 4
    for (let i = 0; i < apart; i++, at += APART) {
      this.#apart.set(readUint16(bytes, at), readUint48(bytes, at + 2))
    }
    const counted = readUint32(bytes, at)
    at += 4
    for (let i = 0; i < counted; i++, at += COUNTED) {
      this.#byPartition.set(readUint16(bytes, at), readCounts(bytes, at + 2))
    }
    return true
  }

  #prove(stamp: WallTime, only: readonly number[] | undefined, unequal: ReadonlySet<number>): void {
    if (only === undefined) {
      const before = [...unequal].map(partition => [partition, this.equalAt(partition)] as const)
      this.#equalAt = stamp
      this.#apart.clear()
      for (const [partition, time] of before) this.#apart.set(partition, time)
      return
    }
    for (const partition of only) if (!unequal.has(partition)) this.#apart.set(partition, stamp)
  }

  /** Other members share other partitions: what was proved is not of them. */
  #forget(epoch: Epoch): void {
    this.#epoch = epoch
    this.#equalAt = 0
    this.#apart.clear()
  }
}

function counting(counts: RepairCounts, count: number): RepairCounts {
  return {
    last: count,
    most: Math.max(counts.most, count),
    times: counts.times + 1,
    total: counts.total + count,
  }
}

function writeCounts(bytes: Uint8Array, at: number, counts: RepairCounts): number {
  const end = writeUint32(bytes, writeUint32(bytes, at, counts.last), counts.most)
  return writeUint48(bytes, writeUint48(bytes, end, counts.times), counts.total)
}

function readCounts(bytes: Uint8Array, at: number): RepairCounts {
  return {
    last: readUint32(bytes, at),
    most: readUint32(bytes, at + 4),
    times: readUint48(bytes, at + 8),
    total: readUint48(bytes, at + 14),
  }
}

const FORMAT = 1
const COUNTS = 20
const APART = 8
const COUNTED = 2 + COUNTS
const FIXED = 4 + 1 + 8 + 6 + COUNTS + 4 + 4
