/** The keys of a cluster with all their versions, as records (`ndjson.ts`). */
import type { Client, Entry, ReadOptions } from '../client/index.ts'
import { type DataRecord, shownRecord } from './ndjson.ts'
import { listedKeys, type Missing } from './partial.ts'
import { pipelined } from './pipelined.ts'

/** Records in all, and those of them that have siblings. */
export type ExportCounts = { readonly records: number; readonly conflicts: number }

/** `missing` is to be filled; of one that is not partial, with keys that are too large only. */
export type ExportWish = {
  readonly prefix: string
  readonly partial: boolean
  readonly missing: Missing
}

/** Where records go, one at a time; resolves once there is room for more. */
export type RecordSink = { write(record: unknown): Promise<void> }

/** Reads under way at once: with values of 1 MiB, 64 MiB in memory. */
const readsInFlight = 64

/**
 * Every record, in token order. A key that is too large to be read stops nothing: it is left out
 * and named in `missing`.
 */
export async function exportRecords(
  client: Client,
  sink: RecordSink,
  { prefix, partial, missing }: ExportWish,
  options: ReadOptions,
): Promise<ExportCounts> {
  let records = 0
  let conflicts = 0
  const { r: _, ...scan } = options
  const keys = listedKeys(client, { ...scan, prefix, partial }, missing)
  const read = async (listed: string | Uint8Array) => {
    const key = typeof listed === 'string' ? new TextEncoder().encode(listed) : listed
    const entry = await (partial
      ? entryAt(client, key, options, missing)
      : client.get(key, options)
    ).catch((error: unknown) => {
      if (codeOf(error) !== 'TOO_LARGE') throw error
      missing.tooLarge.push(key)
      return undefined
    })
    return { key, entry }
  }
  for await (const { key, entry } of pipelined(keys, readsInFlight, read)) {
    const values = entry === undefined ? [] : valuesOf(entry)
    // Deleted since its page was listed, or left out.
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
  key: Uint8Array,
  options: ReadOptions,
  missing: Missing,
): Promise<Entry | undefined> {
  try {
    return await client.get(key, options)
  } catch (error) {
    if (!isShort(error)) throw error
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
  return short.has(codeOf(error))
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}

const short: ReadonlySet<string> = new Set(['QUORUM', 'TIMEOUT', 'BUSY', 'UNREACHABLE'])

function valuesOf(entry: Entry): readonly (Uint8Array | undefined)[] {
  if (!entry.found) return []
  return entry.conflict ? entry.siblings.map(sibling => sibling.value) : [entry.value]
}
