/**
 * Hints (Dynamo §4.6, design §6.2): objects kept for an owner who cannot be given them, one row
 * for each owner and key, merged by key, so that a thousand writes to a key are one hint. A hint
 * is durable before it is acknowledged and never dropped; past the quota no other is taken.
 *
 *   since 6 (when the row was first written, wall clock) ‖ record (`causality/record.ts`)
 */
import { mutant, sometimes } from '#mutants'
import { readUint32, readUint48, writeUint48 } from '../big-endian.ts'
import { isSameBytes } from '../binary.ts'
import { itemDigest } from '../causality/digest.ts'
import { decodeRecord, encodeRecord, joinRecords, type Record } from '../causality/record.ts'
import { mergeSiblings } from '../causality/siblings.ts'
import { type Hash, partitionOf } from '../hash.ts'
import type { Generation, Key, NodeId, Partition, Token, WallTime } from '../ids.ts'
import type { Copy } from '../objects.ts'
import type { Pending } from '../pending.ts'
import { hintOfRow, hintRowKey, hintRows, hintRowsIn, hintRowsOf } from '../row-key.ts'
import type { RowKey, Store, StoredRow } from '../step.ts'
import { Places, placeOf } from './places.ts'

type RowBounds = { readonly from: RowKey; readonly to: RowKey }
/** What is held for one owner, rows on their way to the disk included. */
export type HintCount = { hints: number; bytes: number; since: WallTime }

type Parts<Then> = {
  readonly hash: Hash
  readonly digestKey: string
  readonly reads: Store
  readonly pending: Pending<Record, Then>
  /** Bytes that all hints together may take up. */
  readonly bytesMax: number
}

export class Hints<Then> {
  readonly bytesMax: number
  readonly #parts: Parts<Then>
  readonly #counts = new Map<NodeId, HintCount>()
  /** How many of each generation, by the top 16 bits of the token. */
  readonly #stamps = new Map<string, number>()
  readonly #places = new Places()
  #bytes = 0
  #wall: WallTime = 0
  #refused = 0

  /** Counts what an earlier start left: a scan of all hints, a few at a time if they are large. */
  constructor(parts: Parts<Then>) {
    this.#parts = parts
    this.bytesMax = parts.bytesMax
    let from = hintRows.from
    for (let limit = scannedMin; ; ) {
      const rows = parts.reads.range(from, hintRows.to, limit)
      for (const { key, value } of rows) this.#count(key, undefined, value)
      const last = rows.at(-1)
      if (last === undefined) break
      from = last.key
      const largest = rows.reduce((most, { value }) => Math.max(most, value.length), 1)
      limit = Math.max(scannedMin, Math.min(scannedMax, Math.floor(scannedBytes / largest)))
    }
  }

  /** The wall clock, for the age of hints. */
  observe(wall: WallTime): void {
    this.#wall = wall
  }

  /** How long the oldest hint for this owner has been here, in milliseconds. */
  ageOf(owner: NodeId): number {
    const since = this.#counts.get(owner)?.since
    return since === undefined ? 0 : Math.max(0, this.#wall - since)
  }

  /** Owners that something is held for. */
  get counts(): ReadonlyMap<NodeId, HintCount> {
    return this.#counts
  }

  /** The generation of the oldest hint of a partition, pending included. */
  oldestIn(partition: Partition, partitions: number): Generation | undefined {
    let oldest: Generation | undefined
    for (const name of this.#stamps.keys()) {
      if (partitionOf(name as Token, partitions) !== partition) continue
      const generation = Number(name.slice(2))
      oldest = Math.min(oldest ?? generation, generation)
    }
    return oldest
  }

  /** What all of them take up. */
  get bytes(): number {
    return this.#bytes
  }

  /** How many hints found no room since this was last asked. */
  takeRefused(): number {
    const refused = this.#refused
    this.#refused = 0
    return refused
  }

  /** One found no room, in the quota or on the disk: `takeRefused` tells of it. */
  refuse(): 'full' {
    this.#refused += 1
    return 'full'
  }

  get none(): boolean {
    return this.#counts.size === 0
  }

  /** Is there room for a hint of so many bytes? */
  hasRoom(bytes: number): boolean {
    return this.#bytes + bytes + rowOverhead <= this.bytesMax || mutant(132)
  }

  /**
   * Merges a copy into the owner's hint. `waits`: `then` comes back once it is durable; `held`:
   * it holds all of the copy durably already; `full`: not taken.
   */
  keep(
    owner: NodeId,
    token: Token,
    key: Key,
    copy: Copy,
    then: Then | undefined,
  ): 'waits' | 'held' | 'full' {
    if (mutant(13)) return 'held'
    return this.#merge(hintRowKey(token, key, owner), key, copy, then, copy.object.length)
  }

  /**
   * Merges another owner's hint, which goes in the same commit, into this one's. It was counted
   * already, so the quota does not keep it where nobody would come for it.
   */
  move(owner: NodeId, token: Token, key: Key, copy: Copy): void {
    this.#merge(hintRowKey(token, key, owner), key, copy, undefined, 0)
  }

  /** `bytes`: what there has to be room for; 0: it is written in any case. */
  #merge(row: RowKey, key: Key, copy: Copy, then: Then | undefined, bytes: number) {
    const isFull = bytes > 0 && !this.hasRoom(bytes)
    const base = this.#base(row, key)
    if (base === undefined) {
      if (isFull) return this.refuse()
      this.#write(row, key, { ...copy, field: undefined }, then)
      return 'waits'
    }
    const siblings = mergeSiblings(base.siblings, copy.siblings)
    if (siblings === base.siblings) {
      sometimes('a hint has all of a copy already')
      return then !== undefined && this.#parts.pending.follow(row, then) ? 'waits' : 'held'
    }
    if (isFull) return this.refuse()
    sometimes('a hint is merged with a hint')
    this.#write(row, key, joinRecords(base, copy, siblings), then)
    return 'waits'
  }

  /** Writes what a fallback that coordinates made of its base; admitted before. */
  writeOwn(
    owner: NodeId,
    token: Token,
    key: Key,
    made: Omit<Record, 'digest'>,
    then: Then | undefined,
  ): void {
    this.#write(hintRowKey(token, key, owner), key, made, then)
  }

  /** The hint for this owner, pending included. */
  base(owner: NodeId, token: Token, key: Key): Record | undefined {
    return this.#base(hintRowKey(token, key, owner), key)
  }

  /** Every hint of the key, pending included: what a coordinator builds on. */
  held(token: Token, key: Key): readonly Record[] {
    const found: Record[] = []
    for (const owner of this.#counts.keys()) {
      const record = this.#base(hintRowKey(token, key, owner), key)
      if (record !== undefined) found.push(record)
    }
    return found
  }

  /** Every durable hint of the key, merged: what a reader is told. A damaged one counts as none. */
  durable(token: Token, key: Key): Record | undefined {
    if (this.none) return undefined
    const { from, to } = hintRowsOf(token, key)
    let all: Record | undefined
    for (const { value } of this.#parts.reads.range(from, to, ownersMax)) {
      const record = this.#recordIn(key, value)
      if (record === undefined) continue
      all = all === undefined ? record : this.#together(key, all, record)
    }
    return all
  }

  /**
   * Some durable hints behind a row, in a part of the ring where this owner has some, others'
   * among them; `next`: the row behind which the following ones are, undefined: there are none.
   */
  pageOf(
    owner: NodeId,
    after: RowKey,
  ): { readonly rows: readonly StoredRow[]; readonly next: RowKey | undefined } {
    const from = after === hintRows.from ? 0 : placeOf(after.slice(1))
    const place = this.#places.next(owner, from)
    if (place === undefined) return { rows: [], next: undefined }
    const bounds = hintRowsIn(place)
    const rows = this.#parts.reads.range(
      place === from && after > bounds.from ? after : bounds.from,
      bounds.to,
      pageRows,
    )
    const last = rows.length === pageRows ? rows.at(-1)?.key : undefined
    return { rows, next: last ?? this.#nextOf(owner, place) }
  }

  #nextOf(owner: NodeId, place: number): RowKey | undefined {
    const next = this.#places.next(owner, place + 1)
    return next === undefined ? undefined : hintRowsIn(next).from
  }

  /** Durable hints behind a row, in the order of tokens. */
  page(after: RowKey, limit: number): readonly StoredRow[] {
    return this.#parts.reads.range(after, hintRows.to, limit)
  }

  /** Those of a partition behind a row; few if they are large. */
  pageIn(bounds: RowBounds, after: RowKey | undefined, limit: number): readonly StoredRow[] {
    return this.#parts.reads.range(after ?? bounds.from, bounds.to, limit, scannedBytes)
  }

  /**
   * The record in a durable hint; undefined where it is damaged. `going`: it is being removed.
   * One that changes again is handed over as it is: one that always changes would never be.
   */
  settled({ key: row, value }: StoredRow): Record | 'going' | undefined {
    const pending = this.#parts.pending.read(row)
    if (pending !== undefined && pending.bytes === undefined) return 'going'
    return this.#recordIn(hintOfRow(row).key, value)
  }

  /** Removes a hint where it still is what was handed over (compare and delete): true. */
  remove(row: RowKey, handed: Uint8Array): boolean {
    const now = this.#bytesOf(row)
    if (now === undefined) return true
    if (!isSameBytes(now, handed) && !mutant(15)) {
      sometimes('a hint is newer than what was handed')
      return false
    }
    this.#count(row, now, undefined)
    this.#parts.pending.write(row, { bytes: undefined, meaning: undefined })
    return true
  }

  #base(row: RowKey, key: Key): Record | undefined {
    const pending = this.#parts.pending.read(row)
    if (pending !== undefined) return pending.meaning
    const bytes = this.#parts.reads.get(row)
    return bytes === undefined ? undefined : this.#recordIn(key, bytes)
  }

  #bytesOf(row: RowKey): Uint8Array | undefined {
    const pending = this.#parts.pending.read(row)
    return pending === undefined ? this.#parts.reads.get(row) : pending.bytes
  }

  #recordIn(key: Key, bytes: Uint8Array): Record | undefined {
    return decodeRecord(this.#parts.hash, key, bytes.subarray(SINCE))
  }

  #together(key: Key, a: Record, b: Record): Record {
    return this.#digested(key, joinRecords(a, b, mergeSiblings(a.siblings, b.siblings)))
  }

  #digested(key: Key, made: Omit<Record, 'digest'>): Record {
    const { hash, digestKey } = this.#parts
    return { ...made, digest: itemDigest(hash, digestKey, key, made.siblings) }
  }

  #write(row: RowKey, key: Key, made: Omit<Record, 'digest'>, then: Then | undefined): void {
    const { hash, pending } = this.#parts
    const record = this.#digested(key, made)
    const encoded = encodeRecord(hash, key, record)
    const bytes = new Uint8Array(SINCE + encoded.length)
    const before = this.#bytesOf(row)
    writeUint48(bytes, 0, before === undefined ? this.#wall : readUint48(before, 0))
    bytes.set(encoded, SINCE)
    this.#count(row, before, bytes)
    pending.write(row, { bytes, meaning: record }, then)
  }

  #count(row: RowKey, before: Uint8Array | undefined, after: Uint8Array | undefined): void {
    const { owner, token } = hintOfRow(row)
    this.#countStamp(token, before, -1)
    this.#countStamp(token, after, 1)
    const count = this.#counts.get(owner) ?? { hints: 0, bytes: 0, since: Number.MAX_SAFE_INTEGER }
    this.#counts.set(owner, count)
    const more = sizeOf(row, after) - sizeOf(row, before)
    count.hints += Number(after !== undefined) - Number(before !== undefined)
    count.bytes += more
    this.#places.count(owner, token, Number(after !== undefined) - Number(before !== undefined))
    this.#bytes += more
    if (after !== undefined) count.since = Math.min(count.since, readUint48(after, 0))
    if (count.hints > 0) return
    this.#counts.delete(owner)
    this.#places.forget(owner)
  }

  #countStamp(token: Token, bytes: Uint8Array | undefined, sign: 1 | -1): void {
    if (bytes === undefined || bytes.length < SINCE + generationEnd) return
    const name = token.slice(0, 2) + readUint32(bytes, SINCE + generationEnd - 4)
    const count = (this.#stamps.get(name) ?? 0) + sign
    if (count === 0) this.#stamps.delete(name)
    else this.#stamps.set(name, count)
  }
}

/** Where a record's generation ends (`causality/record.ts`). */
const generationEnd = 24
/** Bytes before the record. */
const SINCE = 6
/** What a row costs beside its key and value, roughly. */
const rowOverhead = 64
/** Rows that are read together when all are counted, and their bytes, about. */
const scannedMin = 16
const scannedMax = 1024
const scannedBytes = 1024 * 1024
/** Few: a row may have megabytes. */
const pageRows = 16
/** Rows of one key are as many as owners; far above N. */
const ownersMax = 1024

function sizeOf(row: RowKey, bytes: Uint8Array | undefined): number {
  return bytes === undefined ? 0 : row.length + bytes.length + rowOverhead
}
