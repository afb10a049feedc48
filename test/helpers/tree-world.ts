/** A tree over a disk in memory: commits that end durable, or are lost with the process. */

import { encodeObject } from '../../src/core/causality/object.ts'
import { encodeRecord } from '../../src/core/causality/record.ts'
import { noSiblings } from '../../src/core/causality/siblings.ts'
import { Tree } from '../../src/core/entropy/tree.ts'
import { tokenOf } from '../../src/core/hash.ts'
import type { Instant, Key, WallTime } from '../../src/core/ids.ts'
import { objectRowKey } from '../../src/core/row-key.ts'
import type { Row, RowKey, Store, StoredRow } from '../../src/core/step.ts'
import { nodeHash } from '../../src/node/hash.ts'

const object = encodeObject(noSiblings)

export class TreeWorld {
  readonly disk = new Map<RowKey, Uint8Array>()
  readonly partitions: number
  readonly digestKey: string
  readonly #checkpointChanges: number
  readonly reads: Store = {
    get: key => this.disk.get(key),
    range: (from, to, limit) => this.#range(from, to, limit),
  }
  tree: Tree
  now = 0 as Instant
  /** The digest that each key is to have. */
  readonly digests = new Map<Key, string>()
  #durable: ReadonlyMap<Key, string> = new Map()
  #going: ReadonlyMap<Key, string> = new Map()
  #rows: Row[] = []
  #underWay: Row[] | undefined
  #sorted: RowKey[] | undefined

  constructor(partitions = 16, checkpointChanges = 8, digestKey = 'd'.repeat(32)) {
    this.partitions = partitions
    this.digestKey = digestKey
    this.#checkpointChanges = checkpointChanges
    this.tree = this.newTree()
  }

  /** A tree of what is on the disk. */
  newTree(digestKey = this.digestKey): Tree {
    return new Tree({
      hash: nodeHash,
      digestKey,
      reads: this.reads,
      partitions: this.partitions,
      checkpointChanges: this.#checkpointChanges,
    })
  }

  /** Gives a key another digest, in the commit that gathers. */
  write(key: Key, digest: string, stamp: WallTime = 0): void {
    const row = objectRowKey(tokenOf(nodeHash, key), key)
    const bytes = encodeRecord(nodeHash, key, {
      object,
      digest,
      time: stamp,
      generation: 0,
      field: undefined,
    })
    this.tree.change(row, tokenOf(nodeHash, key), stamp, this.digests.get(key) ?? '', digest)
    this.digests.set(key, digest)
    this.#rows.push({ key: row, value: bytes })
  }

  /** The commit leaves, where none is under way. */
  turn(): void {
    if (this.#underWay !== undefined || (this.#rows.length === 0 && !this.tree.due)) return
    this.#underWay = [...this.#rows, ...this.tree.turn()]
    this.#rows = []
    this.#going = new Map(this.digests)
  }

  /** The commit under way is on the disk; the tree hears of it. */
  settle(): void {
    this.#flush()
    this.tree.settled(this.now)
  }

  /** The process is killed: the commit under way is on the disk, or is not. */
  crash(keeps: boolean): void {
    if (this.#underWay !== undefined && keeps) this.#flush()
    this.#underWay = undefined
    this.#rows = []
    this.digests.clear()
    for (const [key, digest] of this.#durable) this.digests.set(key, digest)
    this.tree = this.newTree()
  }

  /** A row is gone, as it should never be. */
  drop(row: RowKey): void {
    this.disk.delete(row)
    this.#sorted = undefined
  }

  /** Counts what is left to count. */
  rest(): void {
    for (let i = 0; i < 50; i++) {
      this.turn()
      if (this.#underWay !== undefined) this.settle()
      this.tree.tick(this.now)
    }
  }

  #flush(): void {
    for (const { key, value } of this.#underWay ?? []) {
      if (this.disk.has(key) === (value === undefined)) this.#sorted = undefined
      if (value === undefined) this.disk.delete(key)
      else this.disk.set(key, value)
    }
    if (this.#underWay !== undefined) this.#durable = this.#going
    this.#underWay = undefined
  }

  #range(from: RowKey, to: RowKey, limit: number): StoredRow[] {
    this.#sorted ??= [...this.disk.keys()].sort((a, b) => (a < b ? -1 : 1))
    const rows: StoredRow[] = []
    let [low, high] = [0, this.#sorted.length]
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#sorted[middle] as RowKey) > from) high = middle
      else low = middle + 1
    }
    for (let i = low; i < this.#sorted.length && rows.length < limit; i++) {
      const key = this.#sorted[i] as RowKey
      if (key >= to) break
      rows.push({ key, value: this.disk.get(key) as Uint8Array })
    }
    return rows
  }
}
