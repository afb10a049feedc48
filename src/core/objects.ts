/**
 * The objects that this node holds: rows of the store under the overlay of what is not durable
 * yet. A coordinator's read-modify-write goes through `baseOf`; answers that leave the node go
 * through `durable` (design §1, protocols 11).
 */
import { mutant, sometimes } from '#mutants'
import { type ActorField, fieldAfterMerge } from './causality/actor.ts'
import { itemDigest } from './causality/digest.ts'
import { encodeObject } from './causality/object.ts'
import {
  decodeRecord,
  digestOfRecord,
  encodeRecord,
  joinRecords,
  type Record,
} from './causality/record.ts'
import { mergeSiblings, noSiblings, type Siblings } from './causality/siblings.ts'
import type { Dot } from './causality/version-vector.ts'
import type { Tree } from './entropy/tree.ts'
import type { Hints } from './handoff/hints.ts'
import type { Hash } from './hash.ts'
import type { Generation, Key, NodeId, Partition, Token, WallTime } from './ids.ts'
import type { Pending } from './pending.ts'
import type { Generations } from './reaping/generations.ts'
import type { MarkedKey, Marks } from './reaping/marks.ts'
import { type Kind, kindOf, type Reapable } from './reaping/reapable.ts'
import type { Stamps } from './reaping/reaping.ts'
import { hintRowKey, objectRowKey, partitionRange } from './row-key.ts'
import type { RowKey, Store } from './step.ts'
import type { Wholeness } from './wholeness/wholeness.ts'

/** A row that cannot be trusted: its checksum does not match its bytes. */
export const damaged = 'damaged'
export type Damaged = typeof damaged

/** A copy on its way into a row. */
export type Copy = {
  readonly object: Uint8Array
  readonly siblings: Siblings
  readonly time: WallTime
  readonly generation: Generation
}

/** What a put builds on: the row that it is written to, and all that this node holds. */
export type Base = { readonly own: Held | undefined; readonly all: Held | undefined }
type Held = Omit<Record, 'digest'>

type Parts<Then> = {
  readonly hash: Hash
  readonly digestKey: string
  readonly reads: Store
  readonly pending: Pending<Record, Then>
  readonly hints: Hints<Then>
  readonly tree: Tree
  readonly wholeness: Wholeness
} & Stamps<Then>

export class Objects<Then> {
  readonly hints: Hints<Then>
  readonly generations: Generations<Then>
  readonly wholeness: Wholeness
  readonly #hash: Hash
  readonly #digestKey: string
  readonly #reads: Store
  readonly #pending: Pending<Record, Then>
  readonly #tree: Tree
  readonly #marks: Marks<Then>
  readonly #reapable: Reapable
  /** The last row that was read, and what it counts as; undefined: it is damaged. */
  #lastRow = '' as RowKey
  #lastDigest: string | undefined
  #lastKind: Kind | undefined

  constructor(parts: Parts<Then>) {
    const { hash, digestKey, reads, pending, hints, tree } = parts
    this.hints = hints
    this.generations = parts.generations
    this.#marks = parts.marks
    this.#reapable = parts.reapable
    this.wholeness = parts.wholeness
    this.#hash = hash
    this.#digestKey = digestKey
    this.#reads = reads
    this.#pending = pending
    this.#tree = tree
  }

  /**
   * All that this node holds of the key: its row, hints for any owner, what is pending of them
   * (design §4). `owner`: the put is written to the hint for that node and not to the row.
   */
  baseOf(token: Token, key: Key, owner: NodeId | undefined): Base {
    const row = this.#notAside(token, this.base(token, key))
    if (mutant(5) || (this.hints.none && owner === undefined)) return { own: row, all: row }
    const own = owner === undefined ? row : this.hints.base(owner, token, key)
    let all: Held | undefined = own
    if (row !== own) all = together(all, row)
    for (const hint of this.hints.held(token, key)) {
      const left = this.#withoutReaped(token, hint)
      if (left.siblings.versions.length > 0) all = together(all, left)
    }
    return { own, all }
  }

  /** What this node's row of the key is, pending included. A damaged row counts as none. */
  base(token: Token, key: Key): Record | undefined {
    return this.#baseOf(objectRowKey(token, key), token, key)
  }

  /** `isNew`: nothing is on the disk. */
  #baseOf(row: RowKey, token: Token, key: Key, isNew = false): Record | undefined {
    this.#lastRow = row
    const pending = this.#pending.read(row)
    if (pending !== undefined) {
      sometimes('a base that is not durable yet')
      this.#lastDigest = pending.meaning?.digest ?? ''
      this.#lastKind = pending.meaning && kindOf(pending.meaning.siblings)
      return this.#stamped(token, pending.meaning)
    }
    const bytes = isNew ? undefined : this.#reads.get(row)
    const record = bytes === undefined ? undefined : decodeRecord(this.#hash, key, bytes)
    this.#lastDigest = bytes === undefined ? '' : record?.digest
    // Of a damaged one it is not known.
    this.#lastKind = record === undefined ? bytes && 'tombstone' : kindOf(record.siblings)
    return this.#stamped(token, record)
  }

  /** The durable record of the key. */
  durable(token: Token, key: Key): Record | Damaged | undefined {
    if (mutant(19)) return this.base(token, key)
    const bytes = this.#reads.get(objectRowKey(token, key))
    if (bytes === undefined) return undefined
    return this.#stamped(token, decodeRecord(this.#hash, key, bytes)) ?? this.#damaged(token)
  }

  /** The durable record's item digest; '' where nothing is held. */
  durableDigest(token: Token, key: Key): string | Damaged {
    if (mutant(19)) return this.base(token, key)?.digest ?? ''
    const bytes = this.#reads.get(objectRowKey(token, key))
    if (bytes === undefined) return ''
    return digestOfRecord(this.#hash, key, bytes) ?? this.#damaged(token)
  }

  /** Writes the row once more: its digest was not of what it holds. */
  restate(token: Token, key: Key): void {
    const base = this.base(token, key)
    if (base !== undefined) this.#write(token, key, base, base.time, undefined)
  }

  /** Is something of this key's row not durable yet? */
  pends({ token, key }: { readonly token: Token; readonly key: Key }): boolean {
    return this.#pending.read(objectRowKey(token, key)) !== undefined
  }

  /** Writes what a coordinator made of its base: into the key's row, or the owner's hint. */
  writeOwn(
    token: Token,
    key: Key,
    owner: NodeId | undefined,
    made: Copy & { readonly field: ActorField | undefined },
    then: Then,
  ): void {
    const { object, siblings, time, generation, field } = made
    const record = { object, siblings, time, generation, field }
    if (owner !== undefined) this.hints.writeOwn(owner, token, key, record, then)
    else this.#write(token, key, record, time, then)
  }

  /**
   * Merges a copy into the row. True: `then` comes back once what is held now is durable;
   * false: it holds all of the copy durably already. `held`: where the caller has looked, the
   * rows near this one that are on the disk, so that not each has to be looked for.
   */
  merge(
    token: Token,
    key: Key,
    given: Copy,
    then: Then | undefined,
    held?: ReadonlySet<RowKey>,
  ): boolean {
    const row = objectRowKey(token, key)
    const copy = this.#withoutReaped(token, given)
    const isNew = held?.has(row) === false
    const base =
      mutant(24) && then === undefined
        ? this.#snapshot(token, key)
        : this.#baseOf(row, token, key, isNew)
    if (base === undefined) {
      // As good as none: a tombstone that another owner has not dropped yet.
      if (copy.siblings.versions.length === 0) return false
      this.#write(token, key, { ...copy, field: undefined }, copy.time, then)
      return true
    }
    const siblings = mutant(8) ? copy.siblings : mergeSiblings(base.siblings, copy.siblings)
    if (siblings === base.siblings) {
      sometimes('a copy brings nothing new')
      return then !== undefined && this.#pending.follow(row, then)
    }
    if (siblings !== copy.siblings) sometimes('a copy and a row each bring something')
    this.#write(token, key, joinRecords(base, copy, siblings), copy.time, then)
    return true
  }

  /**
   * Lets go of tombstones, and of vector entries as far as they are what they were and nothing
   * of them is live; nothing is left of a key of which nothing is live. True where it did.
   * `stamp`: of the round, the same at every owner.
   */
  reap({ token, key, tombstones, entries }: MarkedKey, stamp: WallTime): boolean {
    const record = this.base(token, key)
    if (record === undefined) return false
    const cleaned = clean(record.siblings, tombstones, entries)
    if (cleaned === record.siblings) return false
    if (cleaned.versions.length === 0) {
      this.remove(token, key, stamp)
      return true
    }
    const field = fieldAfterMerge(record.field, record.siblings, noSiblings, cleaned)
    const object = encodeObject(cleaned)
    this.#write(token, key, { ...record, siblings: cleaned, object, field }, stamp, undefined)
    return true
  }

  /** Nothing is left of the key. */
  remove(token: Token, key: Key, stamp: WallTime): void {
    const row = objectRowKey(token, key)
    this.base(token, key)
    this.#tree.change(row, token, stamp, this.#lastDigest, '')
    this.#reapable.set(token, key, undefined, 0)
    this.#pending.write(row, { bytes: undefined, meaning: undefined })
    this.#lastRow = '' as RowKey
  }

  /** Rows of a partition on the disk that are not being removed. */
  page(partition: Partition, after: RowKey | undefined, limit: number): readonly RowKey[] {
    const { from, to } = partitionRange(partition, this.generations.partitions)
    const rows = this.#reads.range(after ?? from, to, limit)
    return rows.map(({ key }) => key)
  }

  /** The item digest of these versions. */
  digestOf(key: Key, siblings: Siblings): string {
    return itemDigest(this.#hash, this.#digestKey, key, siblings)
  }

  /** True where `then` will come back with a commit that holds what is pending of the row. */
  follow(token: Token, key: Key, owner: NodeId | undefined, then: Then): boolean {
    const row = owner === undefined ? objectRowKey(token, key) : hintRowKey(token, key, owner)
    return this.#pending.follow(row, then)
  }

  /** `stamp`: the coordinator's, of what is new. */
  #write(
    token: Token,
    key: Key,
    made: Omit<Record, 'digest'>,
    stamp: WallTime,
    then: Then | undefined,
  ): void {
    const row = objectRowKey(token, key)
    const digest = this.digestOf(key, made.siblings)
    const record = { ...made, digest }
    const bytes = encodeRecord(this.#hash, key, record)
    if (row !== this.#lastRow) this.base(token, key)
    this.#tree.change(row, token, stamp, this.#lastDigest, digest)
    this.#lastDigest = digest
    const kind = kindOf(made.siblings)
    if (kind !== undefined || this.#lastKind !== undefined) {
      this.#reapable.set(token, key, kind, row.length + bytes.length)
    }
    this.#lastKind = kind
    this.#pending.write(row, { bytes, meaning: record }, then)
  }

  /** What this node has reaped does not come back with a copy of an owner that has not. */
  #withoutReaped<Given extends Copy>(token: Token, copy: Given): Given {
    const { generations } = this
    const partition = generations.partitionOf(token)
    const mark = this.#marks.of(partition)
    if (mark === undefined || generations.of(partition).reaped <= mark.generation) return copy
    const siblings = this.#marks.without(partition, copy.siblings)
    if (siblings === copy.siblings) return copy
    sometimes('a copy of a tombstone comes after it was reaped')
    return { ...copy, siblings, object: encodeObject(siblings) }
  }

  /** The record with the generation that it is read at. */
  #stamped(token: Token, record: Record | undefined): Record | undefined {
    if (record === undefined) return undefined
    const generation = this.generations.ofRow(token, record.generation)
    return generation === record.generation ? record : { ...record, generation }
  }

  /** What an owner of old kept and all owners would refuse is nothing to build on. */
  #notAside(token: Token, record: Record | undefined): Record | undefined {
    const below = record !== undefined && record.generation < this.generations.floorOf(token)
    return below ? undefined : record
  }

  /** Known-bad 24: what an exchange merges with, having forgotten what was written of late. */
  #snapshot(token: Token, key: Key): Record | undefined {
    const base = this.base(token, key)
    const row = objectRowKey(token, key)
    const isNew = this.#pending.read(row) !== undefined || this.#tree.recent.remembers(row)
    return isNew ? undefined : base
  }

  /** The tree counts it as none from now on: another member's copy takes its place. */
  #damaged(token: Token): Damaged {
    this.#tree.doubt(token)
    this.#lastRow = '' as RowKey
    return damaged
  }
}

/** Without these tombstones, and these entries of which nothing is live. */
function clean(siblings: Siblings, tombstones: readonly Dot[], entries: readonly Dot[]): Siblings {
  const isIn = (dots: readonly Dot[], dot: Dot) =>
    dots.some(one => one.actor === dot.actor && one.counter === dot.counter)
  const versions = siblings.versions.filter(one => !(one.tombstone && isIn(tombstones, one.dot)))
  const isIdle = (entry: Dot) => versions.every(({ dot }) => dot.actor !== entry.actor)
  const vector = siblings.vector.filter(entry => !(isIn(entries, entry) && isIdle(entry)))
  const same =
    versions.length === siblings.versions.length && vector.length === siblings.vector.length
  return same ? siblings : { ...siblings, versions, vector }
}

/** What two rows of one key hold; the first one's field, where it may stay. */
function together(a: Held | undefined, b: Held | undefined): Held | undefined {
  if (b === undefined) return a
  if (a === undefined) return { ...b, field: undefined }
  const siblings = mergeSiblings(a.siblings, b.siblings)
  if (siblings === a.siblings) return a
  sometimes('a base of several rows')
  return joinRecords(a, b, siblings)
}
