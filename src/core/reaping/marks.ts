/**
 * Marks (protocols P): what a primary durably noted when a round found it equal to all others,
 * and what it will drop. Kept until the next one, so that a copy that another primary has not
 * dropped yet does not bring it back. A mark counts for its own round and no other.
 *
 *   0x40 ‖ partition 2 ‖ 1    CRC-32 4 ‖ 0 ‖ format 2 ‖ epoch ‖ generation ‖ round
 *                             ‖ number of keys ‖ keys ‖ keys with pins
 *   a key:                    token ‖ key ‖ tombstones' dots ‖ vector entries to be shed
 *   a key with pins:          token ‖ key ‖ ids
 *
 * The first format has neither 0 and format, nor the number of keys and what follows them.
 */

import { readUint32, writeUint32 } from '../big-endian.ts'
import { withoutPins } from '../causality/pins.ts'
import type { Siblings } from '../causality/siblings.ts'
import type { Dot } from '../causality/version-vector.ts'
import { ByteReader, ByteWriter } from '../entropy/bytes.ts'
import type { Hash } from '../hash.ts'
import type { Actor, Epoch, Generation, Key, OpId, Partition, Token } from '../ids.ts'
import type { PendingRow } from '../pending.ts'
import type { RowKey, Store } from '../step.ts'
import { isStateRow, partitionOfRow, partitionRowKey, partitionRows } from './partition-rows.ts'

/** What is to be dropped of one key. */
export type MarkedKey = {
  readonly token: Token
  readonly key: Key
  readonly tombstones: readonly Dot[]
  readonly entries: readonly Dot[]
}
/** Pins to be shed of one key. */
export type PinnedKey = {
  readonly token: Token
  readonly key: Key
  readonly ops: readonly OpId[]
}
export type Mark = {
  readonly epoch: Epoch
  readonly generation: Generation
  readonly round: number
  readonly keys: readonly MarkedKey[]
  readonly pins: readonly PinnedKey[]
}

/** What a mark names, to be looked up. */
type Named = { readonly dots: ReadonlySet<string>; readonly pins: ReadonlySet<OpId> }

type Parts<Then> = {
  readonly hash: Hash
  readonly reads: Store
  readonly pending: {
    readonly write: (row: RowKey, value: PendingRow<never>, then?: Then) => void
  }
  readonly partitions: number
}

export class Marks<Then> {
  readonly #parts: Parts<Then>
  readonly #marks = new Map<Partition, Mark>()
  readonly #named = new Map<Partition, Named>()
  readonly #rows = new Set<Partition>()

  constructor(parts: Parts<Then>) {
    this.#parts = parts
    const { hash, reads, partitions } = parts
    for (const { key, value } of reads.range(
      partitionRows.from,
      partitionRows.to,
      2 * partitions,
    )) {
      if (isStateRow(key)) continue
      this.#rows.add(partitionOfRow(key))
      const mark = decodeMark(hash, value)
      if (mark !== undefined) this.#marks.set(partitionOfRow(key), mark)
    }
  }

  of(partition: Partition): Mark | undefined {
    return this.#marks.get(partition)
  }

  /** Rows in the store. */
  get rows(): number {
    return this.#rows.size
  }

  write(partition: Partition, mark: Mark, then: Then): void {
    const bytes = encodeMark(this.#parts.hash, mark)
    this.#marks.set(partition, mark)
    this.#named.delete(partition)
    this.#rows.add(partition)
    this.#parts.pending.write(markRowKey(partition), { bytes, meaning: undefined }, then)
  }

  remove(partition: Partition): void {
    if (!this.#rows.delete(partition)) return
    this.#marks.delete(partition)
    this.#named.delete(partition)
    const none = { bytes: undefined, meaning: undefined }
    this.#parts.pending.write(markRowKey(partition), none)
  }

  /** The siblings without marked tombstones and pins; the same ones if there are none. */
  without(partition: Partition, siblings: Siblings): Siblings {
    const named = this.#namedIn(partition)
    if (named === undefined) return siblings
    const isGone = ({ dot, tombstone }: Siblings['versions'][0]) =>
      tombstone && named.dots.has(nameOf(dot))
    const versions = siblings.versions.some(isGone)
      ? siblings.versions.filter(version => !isGone(version))
      : siblings.versions
    const pins = withoutPins(siblings.pins, op => named.pins.has(op))
    const same = versions === siblings.versions && pins === siblings.pins
    return same ? siblings : { ...siblings, versions, pins }
  }

  #namedIn(partition: Partition): Named | undefined {
    const known = this.#named.get(partition)
    const mark = this.#marks.get(partition)
    if (known !== undefined || mark === undefined) return known
    const dots = new Set(mark.keys.flatMap(({ tombstones }) => tombstones.map(nameOf)))
    const named = { dots, pins: new Set(mark.pins.flatMap(({ ops }) => ops)) }
    this.#named.set(partition, named)
    return named
  }
}

export function markRowKey(partition: Partition): RowKey {
  return `${partitionRowKey(partition)}\x01` as RowKey
}

export function encodeMark(hash: Hash, mark: Mark): Uint8Array {
  const writer = new ByteWriter()
  writer.uint32(0)
  writer.varint(0)
  writer.varint(FORMAT)
  writeText(writer, mark.epoch)
  writer.varint(mark.generation)
  writer.varint(mark.round)
  writer.varint(mark.keys.length)
  for (const { token, key, tombstones, entries } of mark.keys) {
    writeText(writer, token)
    writeText(writer, key)
    writeDots(writer, tombstones)
    writeDots(writer, entries)
  }
  for (const { token, key, ops } of mark.pins) {
    writeText(writer, token)
    writeText(writer, key)
    writer.varint(ops.length)
    for (const op of ops) writeText(writer, op)
  }
  const bytes = writer.take()
  writeUint32(bytes, 0, hash.crc32(bytes.subarray(4)))
  return bytes
}

/** undefined where the row is damaged. */
export function decodeMark(hash: Hash, bytes: Uint8Array): Mark | undefined {
  if (bytes.length < 4 || readUint32(bytes, 0) !== hash.crc32(bytes.subarray(4))) return undefined
  const reader = new ByteReader(bytes)
  reader.uint32()
  const first = readText(reader)
  const isOld = first !== ''
  if (!isOld && reader.varint() !== FORMAT) return undefined
  const epoch = (isOld ? first : readText(reader)) as Epoch
  const generation = reader.varint()
  const round = reader.varint()
  const keys: MarkedKey[] = []
  const pins: PinnedKey[] = []
  for (let left = isOld ? reader.left : reader.varint(); left > 0 && reader.left > 0; left--) {
    const token = readText(reader) as Token
    const key = readText(reader) as Key
    keys.push({ token, key, tombstones: readDots(reader), entries: readDots(reader) })
  }
  while (reader.left > 0) {
    const token = readText(reader) as Token
    const key = readText(reader) as Key
    const ops = Array.from({ length: reader.varint() }, () => readText(reader) as OpId)
    pins.push({ token, key, ops })
  }
  return { epoch, generation, round, keys, pins }
}

/** An epoch is never empty: what begins with an empty text is not of the first format. */
const FORMAT = 2

function nameOf({ actor, counter }: Dot): string {
  return `${actor}${counter}`
}

function writeText(writer: ByteWriter, text: string): void {
  writer.varint(text.length)
  writer.binary(text)
}

function readText(reader: ByteReader): string {
  return reader.binary(reader.varint())
}

function writeDots(writer: ByteWriter, dots: readonly Dot[]): void {
  writer.varint(dots.length)
  for (const { actor, counter } of dots) {
    writeText(writer, actor)
    writer.varint(counter)
  }
}

function readDots(reader: ByteReader): readonly Dot[] {
  const dots: Dot[] = []
  for (let left = reader.varint(); left > 0 && reader.left > 0; left--) {
    dots.push({ actor: readText(reader) as Actor, counter: reader.varint() })
  }
  return dots
}
