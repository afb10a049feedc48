/**
 * The tree of this node's objects (Dynamo §4.7, design §6.3): sums in memory, kept current with
 * every write through the commit that makes it durable. Sums change only with durable rows, for
 * they are answers that leave the node. A store that was killed counts again what markers name.
 */
import { mutant, sometimes } from '#mutants'
import type { Hash } from '../hash.ts'
import type { Instant, Token, WallTime } from '../ids.ts'
import { keyOfRow, objectRowAt, objectRowsEnd } from '../row-key.ts'
import type { Row, RowKey, Store } from '../step.ts'
import { byPartition, type Change } from './change.ts'
import { Checkpoints } from './checkpoints.ts'
import { blockLeaves, depthFor, depthIn, depthMin, Leaves } from './leaves.ts'
import { placeOf, prefixOf, rowsOf } from './node.ts'
import { Counter, Rebuild } from './rebuild.ts'
import { Recent } from './recent.ts'
import { Subtrees } from './subtrees.ts'
import { defaultExchangeTiming, type ExchangeTiming } from './timing.ts'
import {
  type BlockId,
  blockId,
  blockOfRow,
  blockRowKey,
  blockRows,
  decodeMarker,
  encodeHeader,
  headerRow,
  markerRows,
  placeOfBlock,
  roundOfRow,
  rowsIn,
  treeRows,
} from './tree-rows.ts'

export type TreeParts = {
  readonly hash: Hash
  readonly digestKey: string
  readonly reads: Store
  /** Q, a power of two. */
  readonly partitions: number
  /** Changes from one checkpoint to the next; undefined: as few as are cheap. */
  readonly checkpointChanges: number | undefined
  readonly timing?: ExchangeTiming | undefined
}

export class Tree {
  readonly recent: Recent
  readonly counter: Counter
  readonly subtrees: Subtrees
  /** Bits of a partition's name. */
  readonly bits: number
  readonly #hash: Hash
  readonly #reads: Store
  readonly #checkpoints: Checkpoints
  /** To be written once every partition is counted. */
  #header: Uint8Array | undefined
  /** Rows to be written with the next commit, beside those that follow from its changes. */
  #rows: Row[] = []
  readonly #stored = new Set<RowKey>()
  #gathering: Change[] = []
  #underWay: readonly Change[] = []
  #committing = false
  /** Blocks that a crash left marked and that are not counted yet. */
  readonly #uncounted = new Set<BlockId>()
  readonly #rebuilds = new Map<number, Rebuild>()
  /** Partitions that somebody else counts anew: what hears of changes. */
  readonly recounts = new Map<number, Rebuild>()
  /** Partitions without sums until they are rebuilt. */
  readonly #unbuilt = new Set<number>()
  /** That of the partition that was counted last. */
  #usualDepth = depthMin
  /** Places of rows that were found damaged. */
  readonly #doubts = new Set<number>()
  readonly #doubted = new Set<BlockId>()
  #stops = false

  constructor({ hash, digestKey, reads, partitions, checkpointChanges, timing }: TreeParts) {
    this.recent = new Recent(timing ?? defaultExchangeTiming)
    this.#hash = hash
    this.#reads = reads
    this.bits = 31 - Math.clz32(partitions)
    this.counter = new Counter(hash, reads)
    this.subtrees = new Subtrees(this.bits, this.counter)
    this.#checkpoints = new Checkpoints(hash, checkpointChanges)
    const header = encodeHeader(this.bits, hash.sha256(`tree${digestKey}`))
    const found = reads.get(headerRow)
    const isOurs = found?.every((byte, i) => byte === header[i]) === true
    if (!isOurs || !this.#load()) this.#begin(header, partitions)
  }

  /** False while sums are counted anew: nothing is compared. */
  get ready(): boolean {
    return this.#uncounted.size === 0 && this.#unbuilt.size === 0
  }

  /** Rows of the tree in the store, those of the commit under way included. */
  get rows(): number {
    return this.#stored.size
  }

  /** Do its sums speak of what is on the disk now? */
  isStill(partition: number): boolean {
    const isCounted = this.ready && this.#doubts.size === 0
    return isCounted && !this.#committing && !this.#rebuilds.has(partition)
  }

  /** What was counted anew takes the place of a partition's sums. */
  adopt(partition: number, recount: Rebuild): void {
    this.#rebuilds.set(partition, recount)
  }

  /** Changes that are written and not durable. */
  get underWay(): readonly Change[] {
    return this.#underWay
  }

  /** Should a commit go even if nothing else is written? */
  get due(): boolean {
    if (this.#stops && this.ready && this.#checkpoints.marked > 0) return true
    return [...this.#rebuilds.values()].some(({ done }) => done)
  }

  /**
   * A row of the commit that gathers changes the digest of its object from `before` (undefined:
   * it was damaged) to `after`. `stamp`: the coordinator's, of what is new in it.
   */
  change(
    row: RowKey,
    token: Token,
    stamp: WallTime,
    before: string | undefined,
    after: string,
  ): void {
    if (before === after) return
    const place = placeOf(token)
    const change: Change = { row, place, stamp, before, after, durableAt: 0 as Instant }
    if (mutant(21)) this.#apply(change)
    this.#gathering.push(change)
  }

  /** A row was found damaged: what it counts as is looked up in the store. */
  doubt(token: Token): void {
    this.#doubts.add(placeOf(token))
  }

  /** What a stop would write, roughly. */
  get unstoredBytes(): number {
    return this.#checkpoints.marked * blockBytes
  }

  /** The process will stop: what is not stored is stored with the next commit. */
  stop(): void {
    this.#stops = true
  }

  /** A commit goes: the tree's rows in it. */
  turn(): readonly Row[] {
    const batch = this.#gathering
    this.#gathering = []
    this.#underWay = batch
    this.#committing = true
    const rows = this.#rows
    this.#rows = []
    const changes = byPartition(batch, this.bits)
    for (const [partition, rebuild] of this.#rebuilds) {
      if (rebuild.done) this.#adopt(partition, rebuild, changes.get(partition) ?? [], rows)
    }
    if (this.#header !== undefined && this.#unbuilt.size === 0) {
      rows.push({ key: headerRow, value: this.#header })
      this.#header = undefined
    }
    const all = this.#stops
    if (this.ready) {
      if (all) this.#checkpoints.mark(this.#unmarked(batch))
      this.#checkpoints.begin(batch.length, all)
      this.#store(all, changes, rows)
    }
    const marker = all && this.ready ? undefined : this.#checkpoints.mark(this.#unmarked(batch))
    if (marker !== undefined) rows.push(marker)
    for (const { key, value } of rows) {
      if (value === undefined) this.#stored.delete(key)
      else this.#stored.add(key)
    }
    return rows
  }

  /** The commit under way is durable: its changes count. */
  settled(now: Instant): void {
    const batch = this.#underWay
    this.#underWay = []
    this.#committing = false
    for (const change of batch) {
      if (!mutant(21)) this.#apply(change)
      // Whoever wrote it may have read it before it was damaged, and counted as none.
      const wasNone = this.counter.damaged.delete(change.row)
      if (wasNone || change.before === undefined) this.#doubts.add(change.place)
      this.recent.add(change, now)
    }
    this.#work(rowsBetweenCommits)
  }

  tick(now: Instant): void {
    this.recent.tick(now)
    if (!this.#committing) this.#work(this.ready ? rowsWhileServing : rowsInTick)
  }

  #apply(change: Change): void {
    const partition = prefixOf(change.place, this.bits)
    this.#rebuilds.get(partition)?.change(change)
    this.recounts.get(partition)?.change(change)
    if (this.#unbuilt.has(partition)) return
    const leaves = this.subtrees.of(partition)
    if (this.#uncounted.size > 0) {
      // It is counted with its block.
      if (this.#uncounted.has(blockId(partition, leaves.blockOf(change.place)))) return
    }
    leaves.change(change.place, change.before ?? '', change.after)
    if (this.#uncounted.size === 0 && depthFor(leaves.count, leaves.depth) !== leaves.depth)
      this.#rebuild(partition)
  }

  #rebuild(partition: number): void {
    if (this.#rebuilds.has(partition)) return
    const { count, depth } = this.subtrees.of(partition)
    // How many keys a partition has that was never counted nobody knows: about as many as others.
    this.#count(partition, this.#unbuilt.has(partition) ? this.#usualDepth : depthFor(count, depth))
  }

  #count(partition: number, depth: number): void {
    const leaves = new Leaves(partition, this.bits, depth)
    this.#rebuilds.set(partition, new Rebuild(this.counter, leaves, this.bits, partition))
  }

  /** Partitions whose leaves do not suit the number of their keys get others. */
  #refit(): void {
    for (const [partition, { count, depth }] of this.subtrees.all) {
      if (depthFor(count, depth) !== depth) this.#rebuild(partition)
    }
  }

  /** The rebuilt leaves take the place of the old ones, in this commit. */
  #adopt(partition: number, { leaves }: Rebuild, changes: readonly Change[], rows: Row[]): void {
    const fit = depthFor(leaves.count, leaves.depth)
    // Without leaves that suit it each sum that is asked for would be a search of the store.
    if (this.#unbuilt.has(partition)) this.#usualDepth = fit
    if (this.#unbuilt.has(partition) && fit !== leaves.depth) return this.#count(partition, fit)
    sometimes('a partition gets other leaves')
    const before = this.subtrees.get(partition)?.blocks ?? 0
    this.subtrees.set(partition, leaves)
    this.#rebuilds.delete(partition)
    this.#unbuilt.delete(partition)
    for (let block = 0; block < Math.max(before, leaves.blocks); block++) {
      const key = blockRowKey(blockId(partition, block))
      rows.push({
        key,
        value: block < leaves.blocks ? leaves.encode(this.#hash, block, changes) : undefined,
      })
    }
    if (fit !== leaves.depth) this.#rebuild(partition)
  }

  /** Blocks that change and that this round has no marker for. */
  #unmarked(batch: readonly Change[]): readonly BlockId[] {
    const blocks = [...this.#doubted]
    this.#doubted.clear()
    for (const { place } of batch) {
      const partition = prefixOf(place, this.bits)
      const id = blockId(partition, this.subtrees.of(partition).blockOf(place))
      if (!this.#checkpoints.isMarked(id)) blocks.push(id)
    }
    return blocks
  }

  #store(all: boolean, changes: ReadonlyMap<number, readonly Change[]>, rows: Row[]): void {
    const { blocks, removed } = this.#checkpoints.store(all)
    for (const id of blocks) {
      const { partition, block } = placeOfBlock(id)
      const leaves = this.subtrees.of(partition)
      if (block >= leaves.blocks) continue
      const some = mutant(21) ? [] : (changes.get(partition) ?? [])
      rows.push({ key: blockRowKey(id), value: leaves.encode(this.#hash, block, some) })
    }
    for (const key of removed) rows.push({ key, value: undefined })
  }

  /** Counts what has to be counted, up to about so many rows. Only between commits. */
  #work(rowsMax: number): void {
    for (const place of this.#doubts) this.#recount(place)
    this.#doubts.clear()
    let read = 0
    const wasReady = this.ready
    for (const id of this.#uncounted) {
      if (read >= rowsMax) return
      const { partition, block } = placeOfBlock(id)
      const leaves = this.subtrees.of(partition)
      const { level, prefix } = leaves.nodeOfBlock(block)
      read += 1 + this.counter.count(leaves, level, prefix)
      this.#uncounted.delete(id)
    }
    if (!wasReady && this.ready) this.#refit()
    for (const partition of this.#unbuilt) {
      if (read >= rowsMax) return
      this.#rebuild(partition)
      read += this.#countOn(partition, rowsMax - read)
    }
    for (const partition of this.#rebuilds.keys()) read += this.#countOn(partition, rowsMax - read)
  }

  #countOn(partition: number, rowsMax: number): number {
    const rebuild = this.#rebuilds.get(partition)
    let read = 0
    while (rebuild?.done === false && read < rowsMax) read += 1 + rebuild.step()
    return read
  }

  /** The leaf of this place is counted again: a row of it is damaged, or was. */
  #recount(place: number): void {
    sometimes('a leaf in doubt is counted again')
    const partition = prefixOf(place, this.bits)
    if (this.#rebuilds.delete(partition)) this.#rebuild(partition)
    const leaves = this.subtrees.of(partition)
    const id = blockId(partition, leaves.blockOf(place))
    if (this.#unbuilt.has(partition) || this.#uncounted.has(id)) return
    const leaf = leaves.leafOf(place)
    leaves.clear(leaf, leaf + 1)
    this.counter.count(leaves, leaves.level, prefixOf(place, leaves.level))
    this.#doubted.add(id)
  }

  /** What an earlier start stored; blocks that have a marker or are damaged are not trusted. */
  #load(): boolean {
    const markers = [...rowsIn(this.#reads, markerRows)].map(({ key, value }) => {
      this.#stored.add(key)
      return { key, blocks: decodeMarker(this.#hash, value) }
    })
    this.#stored.add(headerRow)
    // A damaged one may mean any block.
    if (markers.some(({ blocks }) => blocks === undefined)) return false
    for (const { key, blocks = [] } of markers) {
      this.#checkpoints.found(key, roundOfRow(key), blocks)
      for (const id of blocks) this.#uncounted.add(id)
    }
    for (const { key, value } of rowsIn(this.#reads, blockRows)) {
      this.#stored.add(key)
      const id = blockOfRow(key)
      const { partition, block } = placeOfBlock(id)
      const depth = depthIn(this.#hash, value)
      if (depth !== undefined && !this.subtrees.has(partition)) {
        this.subtrees.set(partition, new Leaves(partition, this.bits, depth))
      }
      if (depth !== undefined && this.subtrees.of(partition).decode(block, value)) continue
      this.#uncounted.add(id)
      this.#doubted.add(id)
    }
    for (const id of this.#uncounted) {
      const { partition, block } = placeOfBlock(id)
      const leaves = this.subtrees.of(partition)
      if (block >= leaves.blocks) this.#uncounted.delete(id)
      else leaves.clear(block * blockLeaves, Math.min((block + 1) * blockLeaves, 2 ** leaves.depth))
    }
    if (this.#uncounted.size > 0) sometimes('a start counts marked blocks')
    else this.#refit()
    return true
  }

  /** No tree, or that of another key: partitions that hold something are counted. */
  #begin(header: Uint8Array, partitions: number): void {
    for (const { key } of rowsIn(this.#reads, treeRows)) {
      this.#stored.add(key)
      this.#rows.push({ key, value: undefined })
    }
    this.#header = header
    for (let after = objectRowAt(''); ; ) {
      const [first] = this.#reads.range(after, objectRowsEnd, 1)
      if (first === undefined) return
      const partition = prefixOf(placeOf(keyOfRow(first.key).token), this.bits)
      this.#unbuilt.add(partition)
      if (partition + 1 === partitions) return
      after = rowsOf(this.bits, partition + 1).from
    }
  }
}

const rowsBetweenCommits = 512
/** A stored block and its page, roughly. */
const blockBytes = 4096
/** Nearly all of the time, but for two seconds a million keys. */
const rowsInTick = 12_288
/** A partition grew or shrank while all is compared: there is no hurry, and requests wait for it. */
const rowsWhileServing = 1024
