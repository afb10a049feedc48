/**
 * Scrub (design §6.4): reads what this node holds of some partitions, row by row and in slices.
 * Checksums are computed from the bytes, digests from the versions, and each partition's sums
 * from its rows, beside the tree's own, which hear of every change meanwhile. A row that does
 * not have its checksum is kept aside, and another member's copy takes its place; sums that are
 * not those of the rows are put right here, and are an alarm: the tree cannot drift.
 */
import { mutant, sometimes } from '#mutants'
import { itemDigest } from '../causality/digest.ts'
import type { Record } from '../causality/record.ts'
import { decodeRecord } from '../causality/record.ts'
import type { Hash } from '../hash.ts'
import type { Instant } from '../ids.ts'
import type { Objects } from '../objects.ts'
import type { Quarantine } from '../quarantine.ts'
import type { Stored } from '../quorum/put-coordination.ts'
import { keyOfRow } from '../row-key.ts'
import type { Effect, StoredRow } from '../step.ts'
import { Leaves } from './leaves.ts'
import { Rebuild } from './rebuild.ts'
import type { Tally } from './repair-tally.ts'
import type { Throttle } from './throttle.ts'
import type { Tree } from './tree.ts'

export type ScrubParts = {
  readonly hash: Hash
  readonly digestKey: string
  readonly tree: Tree
  readonly objects: Objects<Stored>
  readonly quarantine: Quarantine<Record, Stored>
}

export type ScrubPlan = {
  readonly partitions: readonly number[]
  /** False: it is only looked at. */
  readonly mends: boolean
  readonly throttle: Throttle
  readonly tally: Tally
}

export class Scrub {
  readonly #parts: ScrubParts
  readonly #plan: ScrubPlan
  readonly #left: number[]
  #under: { readonly partition: number; readonly recount: Rebuild } | undefined
  #out: Effect[] = []
  #damaged = 0
  /** Rows of the next slice; and bytes of the slice under way. */
  #rows = rowsFirst
  #bytes = 0

  constructor(parts: ScrubParts, plan: ScrubPlan) {
    this.#parts = parts
    this.#plan = plan
    this.#left = [...plan.partitions]
  }

  get over(): boolean {
    return this.#left.length === 0 && this.#under === undefined
  }

  /** It goes on no more. */
  stop(): void {
    if (this.#under !== undefined) this.#parts.tree.recounts.delete(this.#under.partition)
    this.#under = undefined
    this.#left.length = 0
  }

  /** Reads some rows, about so many at most; only while nothing is on its way to the disk. */
  work(rowsMax: number, now: Instant, out: Effect[]): void {
    this.#out = out
    for (let read = 0; read < rowsMax && !this.over; ) {
      if (this.#plan.throttle.nextAt(now) > now) return
      const [partition] = this.#left
      if (this.#under === undefined && partition !== undefined) {
        if (!this.#parts.tree.isStill(partition)) return
        this.#left.shift()
        this.#begin(partition)
      }
      if (this.#under === undefined || !this.#parts.tree.isStill(this.#under.partition)) return
      if (this.#under.recount.done) this.#end(this.#under.partition, this.#under.recount)
      else read += 1 + this.#slice(this.#under.recount)
      if (this.#bytes > bytesMax) break
    }
    this.#bytes = 0
  }

  #begin(partition: number): void {
    const { tree } = this.#parts
    const leaves = new Leaves(partition, tree.bits, tree.subtrees.of(partition).depth)
    const seen = (row: StoredRow) => this.#seen(partition, row)
    const recount = new Rebuild(tree.counter, leaves, tree.bits, partition, seen)
    if (!mutant(50)) tree.recounts.set(partition, recount)
    this.#under = { partition, recount }
    this.#damaged = 0
  }

  #slice(recount: Rebuild): number {
    const before = this.#bytes
    const rows = recount.step(Math.min(this.#rows, this.#plan.throttle.sizeMax))
    const each = rows === 0 ? 1 : (this.#bytes - before) / rows
    this.#rows = Math.max(1, Math.min(rowsAtOnce, Math.floor(bytesMax / 4 / Math.max(1, each))))
    return rows
  }

  #seen(partition: number, { key: row, value }: StoredRow): void {
    const { hash, digestKey, objects, tree, quarantine } = this.#parts
    const { tally, throttle, mends } = this.#plan
    const { token, key } = keyOfRow(row)
    this.#bytes += value.length
    tally.rows++
    throttle.moved(value.length)
    const record = decodeRecord(hash, key, value)
    const { versions = [] } = record?.siblings ?? {}
    if (record === undefined || versions.some(one => hash.crc32(one.value) !== one.checksum)) {
      sometimes('a scrub finds a damaged row')
      tally.damaged++
      this.#damaged++
      if (!mends) return
      objects.damage.found(row)
      // It only tells what became of the row: not worth what a full disk has left.
      if (objects.room.takes('repair', value.length)) quarantine.keep(token, key, value)
      tree.doubt(token)
    } else if (itemDigest(hash, digestKey, key, record.siblings) !== record.digest) {
      tally.drifted++
      if (!mends) return
      this.#alarm('digest-drift', { partition })
      objects.restate(token, key)
    }
  }

  /** All rows are counted: are the sums those of the tree? */
  #end(partition: number, recount: Rebuild): void {
    const { tree } = this.#parts
    const { tally, mends } = this.#plan
    tree.recounts.delete(partition)
    this.#under = undefined
    if (!recount.sound) return this.#begin(partition)
    tally.done++
    sometimes('a scrub counts a partition')
    const leaves = tree.subtrees.of(partition).differing(recount.leaves)
    // What is damaged still counts in the tree where nothing may be mended.
    if (leaves === 0 || (!mends && this.#damaged > 0)) return
    tally.drifted += leaves
    if (!mends) return
    this.#alarm('tree-drift', { partition, leaves })
    tree.adopt(partition, recount)
  }

  #alarm(event: string, detail: Readonly<{ [name: string]: number }>): void {
    this.#out.push({ type: 'note', note: { level: 'error', event, detail } })
  }
}

const rowsFirst = 16
const rowsAtOnce = 64
/** A slice ends behind so many bytes. */
const bytesMax = 512 * 1024
