/**
 * Group commit and its overlay (design §1). Rows that arrive in one turn of the host's loop
 * leave as one commit; while it is under way the next one gathers. The overlay shows a
 * coordinator's read-modify-write what is not durable yet; nothing that leaves the node may be
 * read from it (§7.1, protocols 11).
 */
import { sometimes } from '#mutants'
import { assert } from './assert.ts'
import { costOf, longCostOf } from './room.ts'
import type { CommitId, Effect, Input, Row, RowKey } from './step.ts'

/** A row on its way to the disk: what is written, and what it means. */
export type PendingRow<Meaning> = {
  /** undefined: the row is removed. */
  readonly bytes: Uint8Array | undefined
  /** undefined: of no meaning to whoever reads through the overlay. */
  readonly meaning: Meaning | undefined
}

/** Puts a row into the commit that gathers; `then` comes back once it is durable. */
export type WriteRow<Meaning, Then> = (
  key: RowKey,
  row: PendingRow<Meaning>,
  then: Then | undefined,
) => void

export class Pending<Meaning, Then> {
  /** The key space whose rows only its holder writes. */
  #guarded: number | undefined
  #gathering = new Batch<Meaning, Then>()
  #underWay: Batch<Meaning, Then> | undefined
  #commit = 0
  #bytes = 0
  #rows = 0
  #cost = 0
  #settledCost = 0
  #long = 0
  #settledLong = 0
  #settled = 0

  /** The newest value of a row that is not durable yet. */
  read(key: RowKey): PendingRow<Meaning> | undefined {
    return this.#gathering.rows.get(key) ?? this.#underWay?.rows.get(key)
  }

  /** From now on rows of this key space are written with what is returned, and in no other way. */
  onlyWriterOf(space: string): WriteRow<Meaning, Then> {
    assert(this.#guarded === undefined, 'a key space has one writer')
    this.#guarded = space.charCodeAt(0)
    return (key, row, then) => this.#write(key, row, then)
  }

  /** Puts a row into the commit that gathers; `then` comes back once it is durable. */
  write(key: RowKey, row: PendingRow<Meaning>, then?: Then): void {
    this.#assertFree(key)
    this.#write(key, row, then)
  }

  #write(key: RowKey, row: PendingRow<Meaning>, then: Then | undefined): void {
    const replaced = this.#gathering.rows.get(key)
    this.#gathering.rows.set(key, row)
    if (then !== undefined) this.#gathering.waiting.push(then)
    const more = (row.bytes?.length ?? 0) - (replaced?.bytes?.length ?? 0)
    this.#gathering.bytes += more
    this.#bytes += more
    if (replaced !== undefined) this.#count(this.#gathering, key, replaced.bytes, -1)
    this.#count(this.#gathering, key, row.bytes, 1)
  }

  #count(batch: Costs, key: RowKey, bytes: Uint8Array | undefined, sign: 1 | -1): void {
    const cost = costOf(key.length + (bytes?.length ?? 0))
    const long = sign * longCostOf(cost)
    batch.cost += sign * cost
    batch.long += long
    this.#cost += sign * cost
    this.#long += long
  }

  /**
   * Waits for what is pending of a row without writing: true where `then` will come back with
   * that commit, false where the row is durable already.
   */
  follow(key: RowKey, then: Then): boolean {
    if (this.#gathering.rows.has(key)) this.#gathering.waiting.push(then)
    else if (this.#underWay?.rows.has(key)) this.#underWay.waiting.push(then)
    else return false
    return true
  }

  /**
   * The turn is over: the next commit, unless one is under way or nothing is gathered. `aside`:
   * rows that follow from those of the commit and go with it; `due`: even if there are no others.
   */
  turn(aside: () => readonly Row[] = noRows, due = false): Effect | undefined {
    if (this.#gathering.rows.size === 0 && !due) return undefined
    if (this.#underWay !== undefined) {
      sometimes('a commit gathers behind another')
      return undefined
    }
    this.#underWay = this.#gathering
    this.#gathering = new Batch()
    this.#commit += 1
    this.#rows += this.#underWay.rows.size
    const rows: Row[] = []
    for (const [key, row] of this.#underWay.rows) rows.push({ key, value: row.bytes })
    for (const row of aside()) {
      this.#assertFree(row.key)
      this.#count(this.#underWay, row.key, row.value, 1)
      rows.push(row)
    }
    return { type: 'commit', commit: this.#commit as CommitId, rows }
  }

  /** The commit under way ended; returns what was waiting for it, in order of arrival. */
  settle(stored: Extract<Input, { type: 'stored' }>): readonly Then[] {
    const batch = this.#underWay
    assert(batch !== undefined && stored.commit === this.#commit, 'stored answers the last commit')
    this.#underWay = undefined
    this.#bytes -= batch.bytes
    this.#settledCost += batch.cost
    this.#settledLong += batch.long
    this.#settled += 1
    return batch.waiting
  }

  #assertFree(key: RowKey): void {
    assert(key.charCodeAt(0) !== this.#guarded, 'rows of objects are written through their gate')
  }

  /** The commit in which all is that was written up to now. */
  get newest(): number {
    return this.#gathering.rows.size > 0 ? this.#commit + 1 : this.#commit
  }

  /** Is this commit durable? */
  isSettled(commit: number): boolean {
    return this.#commit - (this.#underWay === undefined ? 0 : 1) >= commit
  }

  /** Bytes that are not durable yet; admission compares them with a bound. */
  get bytes(): number {
    return this.#bytes
  }

  /** What all rows written since the start may have cost the disk (`room.ts`). */
  get cost(): number {
    return this.#cost
  }

  /** Of the commits that are durable. */
  get settledCost(): number {
    return this.#settledCost
  }

  /** The parts of both that need pages side by side. */
  get long(): number {
    return this.#long
  }

  get settledLong(): number {
    return this.#settledLong
  }

  /** Commits that are durable. */
  get settled(): number {
    return this.#settled
  }

  get commits(): number {
    return this.#commit
  }

  /** Rows handed to commits since the start, for the figure "puts per commit". */
  get rows(): number {
    return this.#rows
  }
}

function noRows(): readonly Row[] {
  return []
}

type Costs = { cost: number; long: number }

class Batch<Meaning, Then> {
  readonly rows = new Map<RowKey, PendingRow<Meaning>>()
  readonly waiting: Then[] = []
  bytes = 0
  cost = 0
  long = 0
}
