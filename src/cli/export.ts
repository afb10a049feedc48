/** The keys of a cluster with all their versions, as records (`ndjson.ts`). */
import type { Client, Entry, ReadOptions } from '../client/index.ts'
import { type DataRecord, shownRecord } from './ndjson.ts'
import { pipelined } from './pipelined.ts'

/** Records in all, and those of them that have siblings. */
export type ExportCounts = { readonly records: number; readonly conflicts: number }

/** Where records go, one at a time; resolves once there is room for more. */
export type RecordSink = { write(record: unknown): Promise<void> }

/** Reads under way at once: with values of 1 MiB, 64 MiB in memory. */
const readsInFlight = 64

export async function exportRecords(
  client: Client,
  sink: RecordSink,
  prefix: string,
  options: ReadOptions,
): Promise<ExportCounts> {
  let records = 0
  let conflicts = 0
  const { r: _, ...scan } = options
  const keys = client.keys({ ...scan, prefix })
  const read = async (key: string | Uint8Array) => ({
    key: typeof key === 'string' ? new TextEncoder().encode(key) : key,
    entry: await client.get(key, options),
  })
  for await (const { key, entry } of pipelined(keys, readsInFlight, read)) {
    const values = valuesOf(entry)
    // Deleted since its page was listed.
    if (values.length === 0) continue
    records++
    if (values.length > 1) conflicts++
    await sink.write(shownRecord({ key, values } satisfies DataRecord))
  }
  return { records, conflicts }
}

function valuesOf(entry: Entry): readonly (Uint8Array | undefined)[] {
  if (!entry.found) return []
  return entry.conflict ? entry.siblings.map(sibling => sibling.value) : [entry.value]
}
