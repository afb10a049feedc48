/**
 * The objects that this node holds. Every write of an object's row, whatever brought it, passes
 * one gate here (`#pass`): a copy that was read too long ago may be older than a delete that was
 * reaped since, and while it is not known how far the others are nothing is taken at all. A
 * coordinator's read-modify-write goes through `baseOf`; answers that leave the node go through
 * `durable`.
 */
import { mutant, sometimes } from '#mutants'
import { assert } from './assert.ts'
import { type ActorField, fieldAfterMerge } from './causality/actor.ts'
import { itemDigest } from './causality/digest.ts'
import { encodeObject } from './causality/object.ts'
import { mergePins } from './causality/pins.ts'
import { joinRecords, type Record } from './causality/record.ts'
import {
  appliedOp,
  mergeSiblings,
  noSiblings,
  pinned,
  type Siblings,
} from './causality/siblings.ts'
import type { Damage } from './damage.ts'
import type { Tree } from './entropy/tree.ts'
import type { Hints } from './handoff/hints.ts'
import type { Generation, Key, NodeId, OpId, Partition, Token, WallTime } from './ids.ts'
import { type Damaged, type ObjectRowParts, ObjectRows, type RowRead } from './object-rows.ts'
import type { Pending } from './pending.ts'
import type { Generations } from './reaping/generations.ts'
import type { MarkedKey, Marks } from './reaping/marks.ts'
import { withoutMarked, withoutShed } from './reaping/reapable.ts'
import { Room } from './room.ts'
import { hintRowKey, objectRowKey, partitionRange } from './row-key.ts'
import type { RowKey, Store } from './step.ts'
import type { Wholeness } from './wholeness/wholeness.ts'

/** A copy on its way into a row. */
export type Copy = {
  readonly object: Uint8Array
  readonly siblings: Siblings
  readonly time: WallTime
  readonly generation: Generation
}

/**
 * What a put builds on: what it is written to, all that this node holds, and the key's row as
 * it was read, if that is what it is written to.
 */
export type Base = {
  readonly own: Held | undefined
  readonly all: Held | undefined
  readonly row: RowRead
}
type Held = Omit<Record, 'digest'>

/**
 * What became of a copy. waits: `then` comes back once it is durable; held: all of it is durable
 * already; refused: it may be older than what was reaped, or that is not known yet.
 */
export type Taken = 'waits' | 'held' | 'refused'

type Parts<Then> = ObjectRowParts<Then> & {
  readonly digestKey: string
  readonly hints: Hints<Then>
  readonly wholeness: Wholeness
  readonly marks: Marks<Then>
}

export class Objects<Then> {
  readonly hints: Hints<Then>
  readonly generations: Generations<Then>
  readonly wholeness: Wholeness
  /** What may still be written here. */
  readonly room: Room
  readonly #parts: Parts<Then>
  readonly #reads: Store
  readonly #pending: Pending<Record, Then>
  readonly #tree: Tree
  readonly #rows: ObjectRows<Then>

  constructor(parts: Parts<Then>) {
    this.hints = parts.hints
    this.generations = parts.generations
    this.wholeness = parts.wholeness
    this.room = new Room(parts.pending)
    this.#parts = parts
    this.#reads = parts.reads
    this.#pending = parts.pending
    this.#tree = parts.tree
    this.#rows = new ObjectRows(parts)
  }

  /**
   * All that this node holds of the key: its row, hints for any owner, what is pending of them.
   * `owner`: the put is written to the hint for that node and not to the row.
   */
  baseOf(token: Token, key: Key, owner: NodeId | undefined): Base {
    const row = this.#rows.read(token, key)
    const held = this.#notAside(token, row.record)
    if (mutant(5) || (this.hints.none && owner === undefined)) return { own: held, all: held, row }
    const own = owner === undefined ? held : this.hints.base(owner, token, key)
    let all: Held | undefined = own
    if (held !== own) all = together(all, held)
    for (const hint of this.hints.held(token, key)) {
      const left = this.unreaped(token, hint)
      if (left.siblings.versions.length > 0) all = together(all, left)
    }
    return { own, all, row }
  }

  /** Rows that were found damaged. */
  get damage(): Damage {
    return this.#rows.damage
  }

  /** What this node's row of the key is, pending included. A damaged row counts as none. */
  base(token: Token, key: Key): Record | undefined {
    return this.#rows.read(token, key).record
  }

  /** The durable record of the key. */
  durable(token: Token, key: Key): Record | Damaged | undefined {
    return this.#rows.durable(token, key)
  }

  /** The durable record's item digest; '' if nothing is held. */
  durableDigest(token: Token, key: Key): string | Damaged {
    return this.#rows.durableDigest(token, key)
  }

  /** Writes what a coordinator made of its base: into the key's row, or the owner's hint. */
  writeOwn(
    { row }: Pick<Base, 'row'>,
    owner: NodeId | undefined,
    made: Copy & { readonly field: ActorField | undefined },
    then: Then,
  ): void {
    const { object, siblings, time, generation, field } = made
    const record = { object, siblings, time, generation, field }
    if (owner !== undefined) this.hints.writeOwn(owner, row.token, row.key, record, then)
    else {
      const taken = this.#pass(row, generation, () => ({ record, stamp: time }), then)
      assert(taken === 'waits', 'a put was held against the floor before it was made')
    }
  }

  /**
   * Pins an operation that the row knows: the key's row, or the owner's hint. `full`: no room for
   * the row; undefined: it does not know it, or nothing has to be written for it.
   */
  pin(token: Token, key: Key, owner: NodeId | undefined, op: OpId): 'pinned' | 'full' | undefined {
    const { own, row } = this.baseOf(token, key, owner)
    if (own === undefined || appliedOp(own.siblings, op) === undefined) return undefined
    const siblings = pinned(own.siblings, op)
    if (siblings === own.siblings) return undefined
    // The value is written once more, and many puts may end at once.
    if (!this.room.takes('shrink', own.object.length + op.length)) return 'full'
    return this.#repin(row, owner, own, siblings) ? 'pinned' : undefined
  }

  /** Pins that a round names; however many there are. */
  addPins(token: Token, key: Key, ops: readonly OpId[]): void {
    const row = this.#rows.read(token, key)
    const { record } = row
    if (record === undefined) return
    const pins = mergePins(record.siblings.pins, ops)
    this.#repin(row, undefined, record, { ...record.siblings, pins })
  }

  /** Lets go of pins that a round named, unless a version of one is live. True if it did. */
  shedPins(token: Token, key: Key, ops: readonly OpId[]): boolean {
    const row = this.#rows.read(token, key)
    const { record } = row
    if (record === undefined) return false
    return this.#repin(row, undefined, record, withoutShed(record.siblings, ops))
  }

  /** Only the pins are others. */
  #repin(row: RowRead, owner: NodeId | undefined, held: Held, siblings: Siblings): boolean {
    if (siblings.pins === held.siblings.pins) return false
    const record = { ...held, siblings, object: encodeObject(siblings) }
    if (owner !== undefined) this.hints.writeOwn(owner, row.token, row.key, record, undefined)
    else this.#pass(row, undefined, () => ({ record, stamp: record.time }), undefined)
    return true
  }

  /**
   * Merges a copy into the row. `held`: if the caller has looked, the rows near this one that
   * are on the disk, so that not each has to be looked for.
   */
  merge(
    token: Token,
    key: Key,
    given: Copy,
    then: Then | undefined,
    held?: ReadonlySet<RowKey>,
  ): Taken {
    const read = this.#rows.read(token, key, held?.has(objectRowKey(token, key)) === false)
    const forgets = mutant(24) && then === undefined && this.#isRecent(read)
    const base = forgets ? undefined : read.record
    return this.#pass(read, given.generation, () => this.#merged(token, base, given), then)
  }

  /** Keeps a copy for an owner, as `Hints.keep` does. */
  keep(owner: NodeId, token: Token, key: Key, copy: Copy, then: Then | undefined): Taken | 'full' {
    if (!this.generations.takes(token, copy.generation)) return 'refused'
    return this.hints.keep(owner, token, key, copy, then)
  }

  /** Writes the row once more: its digest was not of what it holds. */
  restate(token: Token, key: Key): void {
    const row = this.#rows.read(token, key)
    const { record } = row
    if (record === undefined) return
    this.#pass(row, undefined, () => ({ record, stamp: record.time }), undefined)
  }

  /**
   * Lets go of tombstones, and of vector entries as far as they are what they were and nothing
   * of them is live; nothing is left of a key of which nothing is live. True if it did.
   * `stamp`: of the round, the same at every owner.
   */
  reap(marked: MarkedKey, stamp: WallTime): boolean {
    const row = this.#rows.read(marked.token, marked.key)
    const { record } = row
    if (record === undefined) return false
    const siblings = withoutMarked(record.siblings, marked)
    if (siblings === record.siblings) return false
    const field = fieldAfterMerge(record.field, record.siblings, noSiblings, siblings)
    const left = { ...record, siblings, object: encodeObject(siblings), field }
    const isGone = siblings.versions.length === 0
    this.#pass(row, undefined, () => ({ record: isGone ? undefined : left, stamp }), undefined)
    return true
  }

  /** Nothing is left of the key. */
  remove(token: Token, key: Key, stamp: WallTime): void {
    const row = this.#rows.read(token, key)
    this.#pass(row, undefined, () => ({ record: undefined, stamp }), undefined)
  }

  /** Rows of a partition on the disk, those among them that are being removed. */
  page(partition: Partition, after: RowKey | undefined, limit: number): readonly RowKey[] {
    const { from, to } = partitionRange(partition, this.generations.partitions)
    const rows = this.#reads.range(after ?? from, to, limit)
    return rows.map(({ key }) => key)
  }

  /** The item digest of these versions. */
  digestOf(key: Key, siblings: Siblings): string {
    return itemDigest(this.#parts.hash, this.#parts.digestKey, key, siblings)
  }

  /** True if `then` will come back with a commit that holds what is pending of the row. */
  follow(token: Token, key: Key, owner: NodeId | undefined, then: Then): boolean {
    const row = owner === undefined ? objectRowKey(token, key) : hintRowKey(token, key, owner)
    return this.#pending.follow(row, then)
  }

  /**
   * The gate: the one way into the row of an object. `brought`: the generation that the copy
   * was read at, wherever that was; undefined: nothing comes from elsewhere, and the row is left
   * with no version that it did not hold.
   */
  #pass(
    read: RowRead,
    brought: Generation | undefined,
    make: () => Written | undefined,
    then: Then | undefined,
  ): Taken {
    const { token, key } = read
    if (brought !== undefined && !this.generations.takes(token, brought)) {
      sometimes('a copy is refused at the gate')
      return 'refused'
    }
    const made = make()
    if (made === undefined) {
      return then !== undefined && this.#pending.follow(read.row, then) ? 'waits' : 'held'
    }
    const { record, stamp } = made
    assert(
      brought !== undefined || isWithin(record, read.record),
      'nothing new without a generation',
    )
    const digest = record && this.digestOf(key, record.siblings)
    this.#rows.write(read, record && { ...record, digest: digest ?? '' }, stamp, then)
    return 'waits'
  }

  /** The row with a copy merged into it; undefined: it has all of it already. */
  #merged(token: Token, base: Record | undefined, given: Copy): Written | undefined {
    const copy = this.unreaped(token, given)
    const stamp = copy.time
    if (base === undefined) {
      // As good as none: a tombstone that another owner has not dropped yet.
      if (copy.siblings.versions.length === 0) return undefined
      return { record: { ...copy, field: undefined }, stamp }
    }
    const siblings = mutant(8) ? copy.siblings : mergeSiblings(base.siblings, copy.siblings)
    if (siblings === base.siblings) {
      sometimes('a copy brings nothing new')
      return undefined
    }
    if (siblings !== copy.siblings) sometimes('a copy and a row each bring something')
    return { record: joinRecords(base, copy, siblings), stamp }
  }

  /** What this node has reaped does not come back with a copy of an owner that has not. */
  unreaped<Given extends Copy>(token: Token, copy: Given): Given {
    const { generations } = this
    const { marks } = this.#parts
    const partition = generations.partitionOf(token)
    const mark = marks.of(partition)
    if (mark === undefined || generations.of(partition).reaped <= mark.generation) return copy
    const siblings = marks.without(partition, copy.siblings)
    if (siblings === copy.siblings) return copy
    sometimes('a copy of a tombstone comes after it was reaped')
    return { ...copy, siblings, object: encodeObject(siblings) }
  }

  /** What an owner of old kept and all owners would refuse is nothing to build on. */
  #notAside(token: Token, record: Record | undefined): Record | undefined {
    const below = record !== undefined && record.generation < this.generations.floorOf(token)
    return below ? undefined : record
  }

  /** Known-bad 24: an exchange has forgotten what was written of late. */
  #isRecent({ row }: RowRead): boolean {
    return this.#pending.read(row) !== undefined || this.#tree.recent.remembers(row)
  }
}

/** What becomes of a row; no record: it is removed. `stamp`: the coordinator's, of what is new. */
type Written = { readonly record: Held | undefined; readonly stamp: WallTime }

/** Is each version that is left one of those that were held? */
function isWithin(left: Held | undefined, held: Held | undefined): boolean {
  const versions = held?.siblings.versions ?? []
  return left === undefined || left.siblings.versions.every(one => versions.includes(one))
}

/** What two rows of one key hold; the first one's field, if it may stay. */
function together(a: Held | undefined, b: Held | undefined): Held | undefined {
  if (b === undefined) return a
  if (a === undefined) return { ...b, field: undefined }
  const siblings = mergeSiblings(a.siblings, b.siblings)
  if (siblings === a.siblings) return a
  sometimes('a base of several rows')
  return joinRecords(a, b, siblings)
}
