/** The keys of a cluster with all their versions, as records (`ndjson.ts`). */
import type { Client, Entry, ReadOptions } from '../client/index.ts'
import { type DataRecord, shownRecord } from './ndjson.ts'
import { listedKeys, Missing } from './partial.ts'
import { pipelined } from './pipelined.ts'

/** Records in all, and those of them that have siblings. */
export type ExportCounts = { readonly records: number; readonly conflicts: number }

/** `missing`: of a partial export, to be filled. */
export type ExportWish = { readonly prefix: string; readonly missing: Missing | undefined }

/** Where records go, one at a time; resolves once there is room for more. */
export type RecordSink = { write(record: unknown): Promise<void> }

/** Reads under way at once: with values of 1 MiB, 64 MiB in memory. */
const readsInFlight = 64

export async function exportRecords(
  client: Client,
  sink: RecordSink,
  { prefix, missing }: ExportWish,
  options: ReadOptions,
): Promise<ExportCounts> {
  let records = 0
  let conflicts = 0
  const { r: _, ...scan } = options
  const wanted = { ...scan, prefix, partial: missing !== undefined }
  const keys = listedKeys(client, wanted, missing ?? new Missing())
  const read = async (key: string | Uint8Array) => ({
    key: typeof key === 'string' ? new TextEncoder().encode(key) : key,
    entry: await entryAt(client, key, options, missing),
  })
  for await (const { key, entry } of pipelined(keys, readsInFlight, read)) {
    const values = entry === undefined ? [] : valuesOf(entry)
    // Deleted since its page was listed.
    if (values.length === 0) continue
    records++
    if (values.length > 1) conflicts++
    await sink.write(shownRecord({ key, values } satisfies DataRecord))
  }
  return { records, conflicts }
}

/** Short of its quorum a partial export takes what one replica says; undefined: none can. */
async function entryAt(
  client: Client,
  key: string | Uint8Array,
  options: ReadOptions,
  missing: Missing | undefined,
): Promise<Entry | undefined> {
  try {
    return await client.get(key, options)
  } catch (error) {
    if (missing === undefined || !isShort(error)) throw error
  }
  try {
    return await client.get(key, { ...options, r: 1, strict: false })
  } catch (error) {
    if (!isShort(error)) throw error
    missing.unread++
    return undefined
  }
}

function isShort(error: unknown): boolean {
  return error instanceof Error && 'code' in error && short.has(String(error.code))
}

const short: ReadonlySet<string> = new Set(['QUORUM', 'TIMEOUT', 'BUSY', 'UNREACHABLE'])

function valuesOf(entry: Entry): readonly (Uint8Array | undefined)[] {
  if (!entry.found) return []
  return entry.conflict ? entry.siblings.map(sibling => sibling.value) : [entry.value]
}
