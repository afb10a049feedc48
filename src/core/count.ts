/** What a node holds, counted a page at a time (`kv stats`): so many rows as do not hold it up. */
import { decodeRecord } from './causality/record.ts'
import type { Hash } from './hash.ts'
import type { NodeId, RequestId } from './ids.ts'
import { keyOfRow, objectRowAt, objectRowsEnd } from './row-key.ts'
import type { Store } from './step.ts'

/** What do you hold behind this place? */
export type CountRequest = {
  readonly type: 'count'
  readonly id: RequestId
  /** Token ‖ key; '' is the beginning. */
  readonly after: string
}

export type CountReply = Counted & {
  readonly type: 'counts-are'
  readonly id: RequestId
  readonly node: NodeId
}

export type Counted = {
  /** Keys with a value, and bytes of their rows, keys included. */
  readonly keys: number
  readonly bytes: number
  /** Keys of which only tombstones are left. */
  readonly tombstones: number
  readonly tombstoneBytes: number
  /** Keys with several live versions. */
  readonly siblings: number
  /** Rows whose checksum does not match. */
  readonly damaged: number
  /** Where the next page begins; undefined: there is none. */
  readonly next: string | undefined
}

export function countPage(hash: Hash, reads: Store, after: string): Counted {
  const counted = { keys: 0, bytes: 0, tombstones: 0, tombstoneBytes: 0, siblings: 0, damaged: 0 }
  let [place, examined, read] = [after, 0, 0]
  while (examined < examinedMax && read < bytesMax) {
    const rows = reads.range(objectRowAt(place), objectRowsEnd, rowsAtOnce, bytesMax - read)
    for (const { key: row, value } of rows) {
      const { token, key } = keyOfRow(row)
      const size = row.length + value.length
      const versions = decodeRecord(hash, key, value)?.siblings.versions
      place = token + key
      examined++
      read += size
      if (versions === undefined) counted.damaged++
      else if (versions.every(({ tombstone }) => tombstone)) {
        counted.tombstones++
        counted.tombstoneBytes += size
      } else {
        counted.keys++
        counted.bytes += size
        if (versions.length > 1) counted.siblings++
      }
    }
    if (rows.length === 0) return { ...counted, next: undefined }
  }
  return { ...counted, next: place }
}

/** One to three milliseconds. */
const rowsAtOnce = 32
const examinedMax = 512
const bytesMax = 1024 * 1024
