/**
 * The rows of objects in the store, under the overlay of what is not durable yet. Whoever writes
 * a row has read it in the same step: the tree and the list of what may be reaped are told what
 * the row counted as before. Only `objects.ts` holds one of these, and decides what may be written.
 */
import { mutant, sometimes } from '#mutants'
import { assert } from './assert.ts'
import { decodeRecord, digestOfRecord, encodeRecord, type Record } from './causality/record.ts'
import { Damage } from './damage.ts'
import type { Tree } from './entropy/tree.ts'
import type { Hash } from './hash.ts'
import type { Key, Token, WallTime } from './ids.ts'
import type { Pending, PendingRow, WriteRow } from './pending.ts'
import type { Generations } from './reaping/generations.ts'
import { type Kind, kindOf, type Reapable } from './reaping/reapable.ts'
import { objectRowKey, objectSpace } from './row-key.ts'
import type { RowKey, Store } from './step.ts'

/** A row that cannot be trusted: its checksum does not match its bytes. */
export const damaged = 'damaged'
export type Damaged = typeof damaged

/** A row as it was read, pending included, and what it counts as until it is written. */
export type RowRead = {
  readonly token: Token
  readonly key: Key
  readonly row: RowKey
  /** With the generation that it is read at; undefined: nothing is held, or it is damaged. */
  readonly record: Record | undefined
  /** '': nothing counts; undefined: it is damaged. */
  readonly digest: string | undefined
  readonly kind: Kind | undefined
  readonly pending: PendingRow<Record> | undefined
}

export type ObjectRowParts<Then> = {
  readonly hash: Hash
  readonly reads: Store
  readonly pending: Pending<Record, Then>
  readonly tree: Tree
  readonly generations: Generations<Then>
  readonly reapable: Reapable
}

export class ObjectRows<Then> {
  readonly damage = new Damage()
  readonly #parts: ObjectRowParts<Then>
  readonly #commit: WriteRow<Record, Then>

  constructor(parts: ObjectRowParts<Then>) {
    this.#parts = parts
    this.#commit = parts.pending.onlyWriterOf(objectSpace)
  }

  /** `isNew`: the caller knows that nothing is on the disk. */
  read(token: Token, key: Key, isNew = false): RowRead {
    const row = objectRowKey(token, key)
    const pending = this.#parts.pending.read(row)
    if (pending !== undefined) {
      sometimes('a base that is not durable yet')
      const { meaning } = pending
      const kind = meaning && kindOf(meaning.siblings)
      const digest = meaning?.digest ?? ''
      return { token, key, row, record: this.#stamped(token, meaning), digest, kind, pending }
    }
    const bytes = isNew ? undefined : this.#parts.reads.get(row)
    const found = bytes === undefined ? undefined : decodeRecord(this.#parts.hash, key, bytes)
    if (bytes !== undefined && found === undefined) this.damage.found(row)
    const digest = bytes === undefined ? '' : found?.digest
    // What a damaged one held is not known.
    const kind = found === undefined ? bytes && 'tombstone' : kindOf(found.siblings)
    return { token, key, row, record: this.#stamped(token, found), digest, kind, pending }
  }

  /** The durable record of the key. */
  durable(token: Token, key: Key): Record | Damaged | undefined {
    if (mutant(19)) return this.read(token, key).record
    const bytes = this.#parts.reads.get(objectRowKey(token, key))
    if (bytes === undefined) return undefined
    return (
      this.#stamped(token, decodeRecord(this.#parts.hash, key, bytes)) ?? this.#damaged(token, key)
    )
  }

  /** The durable record's item digest; '' if nothing is held. */
  durableDigest(token: Token, key: Key): string | Damaged {
    if (mutant(19)) return this.read(token, key).record?.digest ?? ''
    const bytes = this.#parts.reads.get(objectRowKey(token, key))
    if (bytes === undefined) return ''
    return digestOfRecord(this.#parts.hash, key, bytes) ?? this.#damaged(token, key)
  }

  /** `stamp`: the coordinator's wall time, of what is new; undefined: the row is removed. */
  write(read: RowRead, record: Record | undefined, stamp: WallTime, then: Then | undefined): void {
    const { row, token, key } = read
    const { hash, pending, tree, reapable } = this.#parts
    assert(pending.read(row) === read.pending, 'a row is written as it was read')
    const bytes = record && encodeRecord(hash, key, record)
    tree.change(row, token, stamp, read.digest, record?.digest ?? '')
    const kind = record && kindOf(record.siblings)
    if (bytes === undefined) reapable.set(token, key, undefined, 0)
    else if (kind !== undefined || read.kind !== undefined) {
      const pins = record?.siblings.pins.length ?? 0
      reapable.set(token, key, kind, row.length + bytes.length, pins)
    }
    this.damage.written(row)
    this.#commit(row, { bytes, meaning: record }, then)
  }

  /** The record with the generation that it is read at. */
  #stamped(token: Token, record: Record | undefined): Record | undefined {
    if (record === undefined) return undefined
    const generation = this.#parts.generations.ofRow(token, record.generation)
    return generation === record.generation ? record : { ...record, generation }
  }

  /** The tree counts it as none from now on: another member's copy takes its place. */
  #damaged(token: Token, key: Key): Damaged {
    this.damage.found(objectRowKey(token, key))
    this.#parts.tree.doubt(token)
    return damaged
  }
}
