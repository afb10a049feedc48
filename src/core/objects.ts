/**
 * The objects that this node holds: rows of the store under the overlay of what is not durable
 * yet. A coordinator's read-modify-write goes through `base`; answers that leave the node go
 * through `durable` (design §1, protocols 11).
 */
import { mutant, sometimes } from '#mutants'
import { type ActorField, fieldAfterMerge } from './causality/actor.ts'
import { itemDigest } from './causality/digest.ts'
import { encodeObject } from './causality/object.ts'
import { decodeRecord, digestOfRecord, encodeRecord, type Record } from './causality/record.ts'
import { mergeSiblings, type Siblings } from './causality/siblings.ts'
import type { Hash } from './hash.ts'
import type { Generation, Key, Token, WallTime } from './ids.ts'
import type { Pending } from './pending.ts'
import { objectRowKey } from './row-key.ts'
import type { RowKey, Store } from './step.ts'

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

export class Objects<Then> {
  readonly #hash: Hash
  readonly #digestKey: string
  readonly #reads: Store
  readonly #pending: Pending<Record, Then>

  constructor(hash: Hash, digestKey: string, reads: Store, pending: Pending<Record, Then>) {
    this.#hash = hash
    this.#digestKey = digestKey
    this.#reads = reads
    this.#pending = pending
  }

  /** All that this node holds of the key, pending included. A damaged row counts as none. */
  base(token: Token, key: Key): Record | undefined {
    const row = objectRowKey(token, key)
    const pending = this.#pending.read(row)
    if (pending !== undefined) {
      sometimes('a base that is not durable yet')
      return pending.meaning
    }
    const bytes = this.#reads.get(row)
    return bytes === undefined ? undefined : decodeRecord(this.#hash, key, bytes)
  }

  /** The durable record of the key. */
  durable(token: Token, key: Key): Record | Damaged | undefined {
    if (mutant(19)) return this.base(token, key)
    const bytes = this.#reads.get(objectRowKey(token, key))
    return bytes === undefined ? undefined : (decodeRecord(this.#hash, key, bytes) ?? damaged)
  }

  /** The durable record's item digest; '' where nothing is held. */
  durableDigest(token: Token, key: Key): string | Damaged {
    if (mutant(19)) return this.base(token, key)?.digest ?? ''
    const bytes = this.#reads.get(objectRowKey(token, key))
    return bytes === undefined ? '' : (digestOfRecord(this.#hash, key, bytes) ?? damaged)
  }

  /** Writes what a coordinator made of its base. */
  writeOwn(token: Token, key: Key, made: Copy & { readonly field: ActorField }, then: Then): void {
    this.#write(objectRowKey(token, key), key, made, then)
  }

  /**
   * Merges a copy into the row. True: `then` comes back once what is held now is durable;
   * false: it holds all of the copy durably already.
   */
  merge(token: Token, key: Key, copy: Copy, then: Then): boolean {
    const row = objectRowKey(token, key)
    const base = this.base(token, key)
    if (base === undefined) {
      this.#write(row, key, { ...copy, field: undefined }, then)
      return true
    }
    const siblings = mergeSiblings(base.siblings, copy.siblings)
    if (siblings === base.siblings) {
      sometimes('a copy brings nothing new')
      return this.#pending.follow(row, then)
    }
    if (siblings !== copy.siblings) sometimes('a copy and a row each bring something')
    const field = fieldAfterMerge(base.field, base.siblings, copy.siblings, siblings)
    const object = siblings === copy.siblings ? copy.object : encodeObject(siblings)
    const time = Math.max(base.time, copy.time)
    const generation = Math.min(base.generation, copy.generation)
    this.#write(row, key, { object, siblings, time, generation, field }, then)
    return true
  }

  /** True where `then` will come back with a commit that holds what is pending of the key. */
  follow(token: Token, key: Key, then: Then): boolean {
    return this.#pending.follow(objectRowKey(token, key), then)
  }

  #write(row: RowKey, key: Key, made: Omit<Record, 'digest'>, then: Then): void {
    const digest = itemDigest(this.#hash, this.#digestKey, key, made.siblings)
    const record = { ...made, digest }
    const bytes = encodeRecord(this.#hash, key, record)
    this.#pending.write(row, { bytes, meaning: record }, then)
  }
}
