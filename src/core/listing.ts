/**
 * Lists the keys that this node holds of the partitions it owns, in token order. How many rows
 * are looked at, and bytes read, has a bound that is not the limit of what is wanted: a page
 * over nothing but tombstones costs what any other page costs.
 */
import type { Carrier } from './carrier.ts'
import { encodeObject } from './causality/object.ts'
import { noPins } from './causality/pins.ts'
import { decodeRecord, type Record } from './causality/record.ts'
import type { Siblings } from './causality/siblings.ts'
import { includeDot, type VersionVector } from './causality/version-vector.ts'
import type { Tree } from './entropy/tree.ts'
import { type Hash, partitionOf } from './hash.ts'
import type { Key, Partition, Token } from './ids.ts'
import type { KeysListed, ListedKey, ListKeys } from './listing-message.ts'
import type { Placement } from './placement.ts'
import type { Generations } from './reaping/generations.ts'
import { keyOfRow, objectRowAt, partitionRange } from './row-key.ts'
import type { RowKey, Store, StoredRow } from './step.ts'
import type { Wholeness } from './wholeness/wholeness.ts'

type Parts = {
  readonly hash: Hash
  readonly reads: Store
  readonly placement: Placement
  readonly tree: Tree
  readonly wholeness: Wholeness
  readonly generations: Pick<Generations<unknown>, 'isOpen'>
  readonly carrier: Carrier
}
/** What a page is about. */
export type Wish = Pick<ListKeys, 'id' | 'after' | 'last' | 'prefix' | 'limit'>

export class Listing {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** Rows that a partition has here on average. */
  get rowsEach(): number {
    let [rows, partitions] = [0, 0]
    for (const [, leaves] of this.#parts.tree.subtrees.all) {
      rows += leaves.count
      partitions++
    }
    return partitions === 0 ? 0 : rows / partitions
  }

  list(wish: Wish): KeysListed {
    const { id, prefix, limit } = wish
    const rows: ListedKey[] = []
    let upTo: string | undefined
    let [live, looked, bytes, told] = [0, 0, 0, 0]
    for (const { key: row, value } of this.#rows(wish)) {
      const { token, key } = keyOfRow(row)
      if (key.startsWith(prefix) && this.#tells(token)) {
        const listed = this.#listed(token, key, value)
        rows.push(listed)
        told += rowBytes + key.length + (listed.object?.length ?? 0)
        if (listed.live) live++
      }
      looked++
      bytes += value.length
      upTo = token + key
      if (live >= limit || looked >= rowsMax || this.#isFull(told, bytes)) {
        return { type: 'listed', id, rows, upTo, counts: this.#counts(wish), refused: undefined }
      }
    }
    upTo = undefined
    return { type: 'listed', id, rows, upTo, counts: this.#counts(wish), refused: undefined }
  }

  /** Of what is told; the last row of a page comes on top. */
  #isFull(told: number, read: number): boolean {
    return told + read >= bytesMax || told >= this.#parts.carrier.batchBytesMax / 2
  }

  /** Some at a time: few where they are large. */
  *#rows({ after, last }: Wish): Generator<StoredRow> {
    const { partitions } = this.#parts.placement.settings
    const end = partitionRange(last, partitions).to
    let from = objectRowAt(after)
    for (let rows = this.#page(from, end); rows.length > 0; rows = this.#page(from, end)) {
      yield* rows
      from = rows.at(-1)?.key ?? end
    }
  }

  #page(from: RowKey, end: RowKey): readonly StoredRow[] {
    return this.#parts.reads.range(from, end, rowsAtOnce, bytesAtOnce)
  }

  /** Until it is heard how far the others are, nothing of a partition is told. */
  #tells(token: Token): boolean {
    const { placement, generations } = this.#parts
    const partition = partitionOf(token, placement.settings.partitions)
    return placement.owns(token) && generations.isOpen(partition)
  }

  #listed(token: Token, key: Key, value: Uint8Array): ListedKey {
    const record = decodeRecord(this.#parts.hash, key, value)
    if (record === undefined) return { token, key, live: false, object: undefined }
    const live = record.siblings.versions.some(({ tombstone }) => !tombstone)
    return { token, key, live, object: live ? outlineOf(record) : record.object }
  }

  #counts({ after, last }: Wish): Uint8Array {
    const { placement, wholeness, generations } = this.#parts
    const first = partitionAt(after, placement.settings.partitions)
    const counts = new Uint8Array(Math.max(0, Math.ceil((last + 1 - first) / 8)))
    for (let partition = first; partition <= last; partition++) {
      const isOwn = placement.ring.lists[partition]?.includes(placement.self) === true
      const sound = isOwn && wholeness.isWholeIn(partition)
      if (!sound || !generations.isOpen(partition as Partition)) continue
      const bit = partition - first
      counts[bit >> 3] = (counts[bit >> 3] ?? 0) | (1 << (bit & 7))
    }
    return counts
  }
}

/** The partition that a place is in, or the beginning of one. */
export function partitionAt(place: string, partitions: number): number {
  return partitionOf(place.slice(0, 8).padEnd(8, '\0') as Token, partitions)
}

/** Live versions without their values: what is told of a key that is there. */
function outlineOf({ siblings }: Record): Uint8Array {
  const versions: Siblings['versions'] = siblings.versions
    .filter(({ tombstone }) => !tombstone)
    .map(version => ({ ...version, value: noBytes }))
  let vector: VersionVector = []
  for (const { dot } of versions) vector = includeDot(vector, dot)
  return encodeObject({ vector, versions, ops: [], pins: noPins })
}

const noBytes = new Uint8Array(0)
/** What one page looks at: rows, and bytes read and told. */
export const rowsMax = 2000
const bytesMax = 1024 * 1024
const rowBytes = 24
/** Rows that are read together, and about so many bytes. */
const rowsAtOnce = 256
const bytesAtOnce = bytesMax / 4
