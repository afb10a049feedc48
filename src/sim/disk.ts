/**
 * A node's disk: transactions on a durable image, and what is not flushed yet apart from it. A
 * crash loses the commit under way, or keeps it whole: which one is drawn by who crashes it. It
 * passes the same contract as LMDB (`test/contracts/store.ts`). Where it has an end
 * (`volume.ts`), a transaction that finds no room is lost.
 */
import { assert } from '../core/assert.ts'
import { compareBinary } from '../core/binary.ts'
import type { Row, RowKey, Store, StoredRow } from '../core/step.ts'
import { noPages, type Pages } from './data-file.ts'
import type { Volume } from './volume.ts'

/** What is on a disk: copied when a directory is. */
export type Image = {
  readonly rows: ReadonlyMap<RowKey, Uint8Array>
  readonly commits: number
  /** Of its data file, where disks have an end. */
  readonly pages?: Pages | undefined
}

export class Disk {
  readonly reads: Store = {
    get: key => copyOf(this.#rows.get(key)),
    range: (from, to, limit, bytesMax) => this.#range({ from, to, limit, bytesMax }),
  }
  /** Where it ends; undefined: nowhere. */
  readonly volume: Volume | undefined
  #rows = new Map<RowKey, Uint8Array>()
  #sorted: RowKey[] | undefined = []
  #commits = 0
  #underWay: readonly Row[] | undefined

  constructor(volume?: Volume) {
    this.volume = volume
  }

  /** The durable image; not to be changed. */
  get rows(): ReadonlyMap<RowKey, Uint8Array> {
    return this.#rows
  }

  /** The number of transactions that are durable. */
  get commits(): number {
    return this.#commits
  }

  /** The transaction that is not durable yet. */
  get unflushed(): readonly Row[] | undefined {
    return this.#underWay
  }

  /** Begins a transaction; at most one is under way. False: refused as a whole. */
  begin(rows: readonly Row[]): boolean {
    assert(this.#underWay === undefined, 'one commit at a time')
    if (!rows.every(isGoodRow)) return false
    this.#underWay = rows
    return true
  }

  /** A process opens the store and writes its own rows. False: there is no room for them. */
  open(): boolean {
    return this.volume?.write([]) ?? true
  }

  /** The transaction under way becomes durable and visible; false: there is no room for it. */
  flush(): boolean {
    const rows = this.#underWay
    assert(rows !== undefined, 'a commit is under way')
    if (this.volume?.write(rows) === false) return false
    this.#underWay = undefined
    for (const { key, value } of rows) this.#set(key, value)
    this.#commits += 1
    return true
  }

  /** The process is gone: the transaction under way is kept whole (true) or lost whole. */
  crash(keeps: boolean): boolean {
    const kept = this.#underWay !== undefined && keeps && this.flush()
    this.#underWay = undefined
    return kept
  }

  /** A copy of the directory as it is now. */
  copy(): Image {
    return { rows: new Map(this.#rows), commits: this.#commits, pages: this.volume?.pages }
  }

  /** The directory is replaced by another. */
  replace(image: Image): void {
    this.#underWay = undefined
    this.#rows = new Map(image.rows)
    this.#sorted = undefined
    this.#commits = image.commits
    if (this.volume !== undefined) this.volume.pages = image.pages ?? noPages
  }

  /** One bit of a row turns over. */
  rot(key: RowKey, bit: number): void {
    const row = copyOf(this.#rows.get(key))
    assert(row !== undefined, 'the row is there')
    const at = Math.floor(bit / 8) % row.length
    row[at] = (row[at] ?? 0) ^ (1 << (bit % 8))
    this.#rows.set(key, row)
  }

  #set(key: RowKey, value: Uint8Array | undefined): void {
    const isNews = this.#rows.has(key) === (value === undefined)
    if (value === undefined) this.#rows.delete(key)
    else this.#rows.set(key, value)
    if (isNews) this.#sorted = undefined
  }

  #range({ from, to, limit, bytesMax = Number.POSITIVE_INFINITY }: Wanted): readonly StoredRow[] {
    this.#sorted ??= [...this.#rows.keys()].sort(compareBinary)
    const rows: StoredRow[] = []
    let bytes = 0
    for (const key of this.#sorted) {
      if (rows.length >= limit || bytes >= bytesMax || key >= to) break
      const value = key > from ? copyOf(this.#rows.get(key)) : undefined
      if (value === undefined) continue
      rows.push({ key, value })
      bytes += value.length
    }
    return rows
  }
}

type Wanted = {
  readonly from: RowKey
  readonly to: RowKey
  readonly limit: number
  readonly bytesMax: number | undefined
}

function copyOf(bytes: Uint8Array | undefined): Uint8Array | undefined {
  return bytes === undefined ? undefined : new Uint8Array(bytes)
}

function isGoodRow({ key, value }: Row): boolean {
  if (value !== undefined && !(value instanceof Uint8Array)) return false
  if (key.length < 1 || key.length > rowKeyBytesMax || key[0] === ownSpace) return false
  let all = 0
  for (let at = 0; at < key.length; at++) all |= key.charCodeAt(at)
  return all <= 255
}

/** As LMDB has it: the bytes of its longest key, and the key space that is the store's own. */
const rowKeyBytesMax = 1978
const ownSpace = '\0'
