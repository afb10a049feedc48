/**
 * Which blocks of the tree are stored as they are (antientropy §3.3). The first change of a
 * block since its checkpoint leaves a marker in the same commit; a checkpoint is a round that
 * stores the marked blocks a few a commit and removes their markers with the last. After a crash
 * only marked blocks are counted again. A round begins once it costs little beside the writes
 * since the last one, so the tree is never written on a schedule.
 */
import { mutant, sometimes } from '#mutants'
import type { Hash } from '../hash.ts'
import type { Row, RowKey } from '../step.ts'
import { type BlockId, encodeMarker, markerRowKey } from './tree-rows.ts'

type Round = { readonly blocks: BlockId[]; readonly rows: RowKey[] }

export class Checkpoints {
  readonly #hash: Hash
  readonly #changesMin: number | undefined
  /** Marked since the last round began, and the rows that say so. */
  #marked = new Set<BlockId>()
  #rows: RowKey[] = []
  /** What the round under way has still to store, and to remove then. */
  #older: Round | undefined
  #round = 0
  #number = 0
  #changes = 0
  /** Known-bad 22: marked by the commit before, and said by the next. */
  #late: BlockId[] = []

  /** `changesMin`: changes from one round to the next; undefined: as few as are cheap. */
  constructor(hash: Hash, changesMin: number | undefined) {
    this.#hash = hash
    this.#changesMin = changesMin
  }

  /** What an earlier start left. */
  found(row: RowKey, round: number, blocks: readonly BlockId[]): void {
    this.#rows.push(row)
    this.#round = Math.max(this.#round, round + 1)
    for (const id of blocks) this.#marked.add(id)
  }

  /** Does a marker of this round name the block already? */
  isMarked(id: BlockId): boolean {
    return this.#marked.has(id)
  }

  get marked(): number {
    return this.#marked.size + (this.#older?.blocks.length ?? 0)
  }

  /** Begins a round where it is time; `all`: everything is stored now. */
  begin(changes: number, all: boolean): void {
    this.#changes += changes
    const enough = this.#changesMin ?? Math.max(changesFew, changesPerBlock * this.#marked.size)
    if (this.#older !== undefined && !all) return
    if (this.#marked.size === 0 || (this.#changes < enough && !all)) return
    const { blocks, rows } = this.#older ?? { blocks: [], rows: [] }
    this.#older = {
      // Neighbours lie on one page.
      blocks: [...new Set([...blocks, ...this.#marked])].sort((a, b) => a - b),
      rows: [...rows, ...this.#rows],
    }
    this.#marked = new Set()
    this.#rows = []
    this.#changes = 0
    this.#round++
    this.#number = 0
  }

  /** Blocks that this commit stores, and the markers that go with it. */
  store(all: boolean): {
    readonly blocks: readonly BlockId[]
    readonly removed: readonly RowKey[]
  } {
    if (this.#older === undefined) return { blocks: [], removed: [] }
    const blocks = this.#older.blocks.splice(0, all ? Number.MAX_SAFE_INTEGER : blocksAtOnce)
    if (this.#older.blocks.length > 0) return { blocks, removed: [] }
    const removed = this.#older.rows
    this.#older = undefined
    sometimes('a checkpoint of the tree ends')
    return { blocks, removed }
  }

  /** The marker of a commit that changes these blocks; undefined where all are marked. */
  mark(changed: Iterable<BlockId>): Row | undefined {
    const fresh: BlockId[] = []
    for (const id of changed) {
      if (this.#marked.has(id)) continue
      this.#marked.add(id)
      fresh.push(id)
    }
    const blocks = mutant(22) ? this.#late : fresh
    this.#late = fresh
    if (blocks.length === 0) return undefined
    const key = markerRowKey(this.#round, this.#number++)
    this.#rows.push(key)
    return { key, value: encodeMarker(this.#hash, blocks) }
  }
}

const blocksAtOnce = 8
/** A block takes a page of LMDB's, a put nearly two: a round costs 1 % of the writes before it. */
const changesPerBlock = 64
const changesFew = 4096
