/**
 * Which keys a round may clean: those of which nothing but tombstones is live, those whose
 * vector is long, and those with pins. One row for each, in the commit of its object, so that nobody has to look for
 * them among all others, in key space 0x68:
 *
 *   0x68 ‖ token ‖ key    kind 1 ‖ bytes that the object's row takes up 4 ‖ [pins 2]
 */
import { mutant } from '#mutants'
import {
  readUint8,
  readUint16,
  readUint32,
  writeUint8,
  writeUint16,
  writeUint32,
} from '../big-endian.ts'
import { pinsMax, withoutPins } from '../causality/pins.ts'
import type { Siblings } from '../causality/siblings.ts'
import type { Dot } from '../causality/version-vector.ts'
import { rowsIn } from '../entropy/tree-rows.ts'
import { partitionOf } from '../hash.ts'
import type { Key, OpId, Partition, Token } from '../ids.ts'
import type { PendingRow } from '../pending.ts'
import { keyOfRow, partitionRange } from '../row-key.ts'
import type { RowKey, Store } from '../step.ts'
import type { MarkedKey } from './marks.ts'

/** tombstone: nothing else is live. long: its vector has entries to be shed. pinned: pins to be shed. */
export type Kind = 'tombstone' | 'long' | 'pinned'

export function kindOf(siblings: Siblings): Kind | undefined {
  const { versions, vector } = siblings
  if (versions.length > 0 && versions.every(({ tombstone }) => tombstone)) return 'tombstone'
  if (vector.length > entriesMax && idleEntries(siblings).length > 0) return 'long'
  return sheddable(siblings).length > 0 ? 'pinned' : undefined
}

/** Pins of which no version is live here. */
export function sheddable({ pins, versions }: Siblings): readonly OpId[] {
  return pins.length === 0 ? pins : pins.filter(op => versions.every(one => one.op !== op))
}

/** Entries of which no version is live: their writes were superseded. */
export function idleEntries({ vector, versions }: Siblings): readonly Dot[] {
  return vector.filter(({ actor }) => !versions.some(({ dot }) => dot.actor === actor))
}

/** Without these tombstones, and these entries of which nothing is live; the same if none is there. */
export function withoutMarked(
  siblings: Siblings,
  { tombstones, entries }: Pick<MarkedKey, 'tombstones' | 'entries'>,
): Siblings {
  const isIn = (dots: readonly Dot[], dot: Dot) =>
    dots.some(one => one.actor === dot.actor && one.counter === dot.counter)
  const versions = siblings.versions.filter(one => !(one.tombstone && isIn(tombstones, one.dot)))
  const isIdle = (entry: Dot) => versions.every(({ dot }) => dot.actor !== entry.actor)
  const vector = siblings.vector.filter(entry => !(isIn(entries, entry) && isIdle(entry)))
  const same =
    versions.length === siblings.versions.length && vector.length === siblings.vector.length
  return same ? siblings : { ...siblings, versions, vector }
}

/** Without these pins, unless a version of one is live; the same if none is there. */
export function withoutShed(siblings: Siblings, ops: readonly OpId[]): Siblings {
  const { versions } = siblings
  const isShed = (op: OpId) =>
    mutant(627) || (ops.includes(op) && versions.every(version => version.op !== op))
  const pins = withoutPins(siblings.pins, isShed)
  return pins === siblings.pins ? siblings : { ...siblings, pins }
}

/** Of one partition. `pinned`: keys with pins; `full`: those with as many as a coordinator pins. */
export type ReapableCount = {
  keys: number
  tombstones: number
  bytes: number
  pinned: number
  pins: number
  full: number
}

type Parts = {
  readonly reads: Store
  readonly pending: {
    readonly read: (row: RowKey) => PendingRow<unknown> | undefined
    readonly write: (row: RowKey, value: PendingRow<never>) => void
  }
  readonly partitions: number
}

export class Reapable {
  readonly #parts: Parts
  readonly #counts = new Map<Partition, ReapableCount>()

  /** Counts what an earlier start left: as many rows as there are tombstones. */
  constructor(parts: Parts) {
    this.#parts = parts
    for (const { key, value } of rowsIn(parts.reads, reapableRows)) this.#count(key, value, 1)
  }

  /** Partitions in which there is something. */
  get counts(): ReadonlyMap<Partition, ReapableCount> {
    return this.#counts
  }

  get total(): ReapableCount {
    const total = { ...none }
    for (const count of this.#counts.values()) {
      for (const name of Object.keys(none) as (keyof ReapableCount)[]) total[name] += count[name]
    }
    return total
  }

  /** An object is written, of this kind, so large, with so many pins; or removed (undefined). */
  set(token: Token, key: Key, kind: Kind | undefined, bytes: number, pins = 0): void {
    const row = (SPACE + token + key) as RowKey
    const { reads, pending } = this.#parts
    const waiting = pending.read(row)
    const before = waiting === undefined ? reads.get(row) : waiting.bytes
    const value = kind === undefined ? undefined : encode(kind, bytes, pins)
    if (before === undefined && value === undefined) return
    if (before !== undefined) this.#count(row, before, -1)
    if (value !== undefined) this.#count(row, value, 1)
    pending.write(row, { bytes: value, meaning: undefined })
  }

  /** Keys of a partition on the disk, in the order of tokens. */
  page(
    partition: Partition,
    limit: number,
  ): readonly { readonly token: Token; readonly key: Key }[] {
    const { from, to } = partitionRange(partition, this.#parts.partitions)
    const inSpace = (row: RowKey, last: boolean) =>
      last && partition + 1 === this.#parts.partitions
        ? reapableRows.to
        : ((SPACE + row.slice(1)) as RowKey)
    const rows = this.#parts.reads.range(inSpace(from, false), inSpace(to, true), limit)
    return rows.map(({ key }) => keyOfRow(key))
  }

  #count(row: RowKey, value: Uint8Array, sign: 1 | -1): void {
    const partition = partitionOf(keyOfRow(row).token, this.#parts.partitions)
    const count = this.#counts.get(partition) ?? { ...none }
    this.#counts.set(partition, count)
    count.keys += sign
    if (value.length >= SIZED && readUint8(value, 0) === kinds.indexOf('tombstone')) {
      count.tombstones += sign
      count.bytes += sign * readUint32(value, 1)
    }
    const pins = value.length >= SIZED + 2 ? readUint16(value, SIZED) : 0
    count.pins += sign * pins
    if (pins > 0) count.pinned += sign
    if (pins >= pinsMax) count.full += sign
    if (count.keys === 0) this.#counts.delete(partition)
  }
}

/** A vector may be this long before its idle entries are shed. */
export const entriesMax = 25
const SPACE = '\x68'
const reapableRows = { from: SPACE as RowKey, to: '\x69' as RowKey }

const kinds: readonly Kind[] = ['tombstone', 'long', 'pinned']
/** Kind and size; rows of an earlier version end here. */
const SIZED = 5
const none: ReapableCount = { keys: 0, tombstones: 0, bytes: 0, pinned: 0, pins: 0, full: 0 }

function encode(kind: Kind, size: number, pins: number): Uint8Array {
  const bytes = new Uint8Array(pins > 0 ? SIZED + 2 : SIZED)
  const at = writeUint32(bytes, writeUint8(bytes, 0, kinds.indexOf(kind)), size)
  if (pins > 0) writeUint16(bytes, at, pins)
  return bytes
}
