/** Lists the keys that this node holds of the partitions it owns, in token order, in bounded steps. */
import { decodeRecord } from './causality/record.ts'
import type { Hash } from './hash.ts'
import type { RequestId } from './ids.ts'
import type { KeysListed, ListedKey } from './message.ts'
import type { Placement } from './placement.ts'
import { keyOfRow, objectRowAt, objectRowsEnd } from './row-key.ts'
import type { Store } from './step.ts'

export class Listing {
  readonly #hash: Hash
  readonly #reads: Store
  readonly #placement: Placement

  constructor(hash: Hash, reads: Store, placement: Placement) {
    this.#hash = hash
    this.#reads = reads
    this.#placement = placement
  }

  /** At most `limit` keys behind `after` (token ‖ key) that begin with `prefix`. */
  list(id: RequestId, after: string, prefix: string, limit: number): KeysListed {
    const rows: ListedKey[] = []
    let place = after
    let bytes = 0
    let examined = 0
    while (rows.length < limit && examined < examinedMax && bytes < bytesMax) {
      const some = this.#reads.range(objectRowAt(place), objectRowsEnd, rowsAtOnce)
      for (const { key: rowKey, value } of some) {
        const { token, key } = keyOfRow(rowKey)
        place = token + key
        examined += 1
        bytes += value.length
        if (!key.startsWith(prefix) || !this.#placement.owns(token)) continue
        const record = decodeRecord(this.#hash, key, value)
        const live = record?.siblings.versions.some(version => !version.tombstone) ?? true
        rows.push({ token, key, live })
        if (rows.length >= limit) break
      }
      if (some.length < rowsAtOnce && rows.length < limit) return this.#page(id, rows, undefined)
    }
    return this.#page(id, rows, place)
  }

  #page(id: RequestId, rows: readonly ListedKey[], upTo: string | undefined): KeysListed {
    return { type: 'listed', id, rows, upTo, refused: undefined }
  }
}

const rowsAtOnce = 64
const examinedMax = 4096
const bytesMax = 8 * 1024 * 1024
