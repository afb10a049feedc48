/**
 * The objects that this node holds: rows of the store under the overlay of what is not durable
 * yet. A coordinator's read-modify-write goes through `baseOf`; answers that leave the node go
 * through `durable` (design §1, protocols 11).
 */
import { mutant, sometimes } from '#mutants'
import type { ActorField } from './causality/actor.ts'
import { itemDigest } from './causality/digest.ts'
import {
  decodeRecord,
  digestOfRecord,
  encodeRecord,
  joinRecords,
  type Record,
} from './causality/record.ts'
import { mergeSiblings, type Siblings } from './causality/siblings.ts'
import type { Tree } from './entropy/tree.ts'
import type { Hints } from './handoff/hints.ts'
import type { Hash } from './hash.ts'
import type { Generation, Key, NodeId, Token, WallTime } from './ids.ts'
import type { Pending } from './pending.ts'
import { hintRowKey, objectRowKey } from './row-key.ts'
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
}

export class Objects<Then> {
  readonly hints: Hints<Then>
  readonly wholeness: Wholeness
  readonly #hash: Hash
  readonly #digestKey: string
  readonly #reads: Store
  readonly #pending: Pending<Record, Then>
  readonly #tree: Tree
  /** The last row that was read, and what it counts as; undefined: it is damaged. */
  #lastRow = '' as RowKey
  #lastDigest: string | undefined

  constructor({ hash, digestKey, reads, pending, hints, tree, wholeness }: Parts<Then>) {
    this.hints = hints
    this.wholeness = wholeness
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
    const row = this.base(token, key)
    if (mutant(5) || (this.hints.none && owner === undefined)) return { own: row, all: row }
    const own = owner === undefined ? row : this.hints.base(owner, token, key)
    let all: Held | undefined = own
    if (row !== own) all = together(all, row)
    for (const hint of this.hints.held(token, key)) all = together(all, hint)
    return { own, all }
  }

  /** What this node's row of the key is, pending included. A damaged row counts as none. */
  base(token: Token, key: Key): Record | undefined {
    const row = objectRowKey(token, key)
    this.#lastRow = row
    const pending = this.#pending.read(row)
    if (pending !== undefined) {
      sometimes('a base that is not durable yet')
      this.#lastDigest = pending.meaning?.digest ?? ''
      return pending.meaning
    }
    const bytes = this.#reads.get(row)
    const record = bytes === undefined ? undefined : decodeRecord(this.#hash, key, bytes)
    this.#lastDigest = bytes === undefined ? '' : record?.digest
    return record
  }

  /** The durable record of the key. */
  durable(token: Token, key: Key): Record | Damaged | undefined {
    if (mutant(19)) return this.base(token, key)
    const bytes = this.#reads.get(objectRowKey(token, key))
    if (bytes === undefined) return undefined
    return decodeRecord(this.#hash, key, bytes) ?? this.#damaged(token)
  }

  /** The durable record's item digest; '' where nothing is held. */
  durableDigest(token: Token, key: Key): string | Damaged {
    if (mutant(19)) return this.base(token, key)?.digest ?? ''
    const bytes = this.#reads.get(objectRowKey(token, key))
    if (bytes === undefined) return ''
    return digestOfRecord(this.#hash, key, bytes) ?? this.#damaged(token)
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
   * false: it holds all of the copy durably already.
   */
  merge(token: Token, key: Key, copy: Copy, then: Then | undefined): boolean {
    const row = objectRowKey(token, key)
    const base =
      mutant(24) && then === undefined ? this.#snapshot(token, key) : this.base(token, key)
    if (base === undefined) {
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
    this.#pending.write(row, { bytes, meaning: record }, then)
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

/** What two rows of one key hold; the first one's field, where it may stay. */
function together(a: Held | undefined, b: Held | undefined): Held | undefined {
  if (b === undefined) return a
  if (a === undefined) return { ...b, field: undefined }
  const siblings = mergeSiblings(a.siblings, b.siblings)
  if (siblings === a.siblings) return a
  sometimes('a base of several rows')
  return joinRecords(a, b, siblings)
}
