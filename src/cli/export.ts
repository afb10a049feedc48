/** The keys of a cluster with all their versions, as records (`ndjson.ts`). */
import type { Client, Entry, ReadOptions } from '../client/index.ts'
import { bytesOf } from '../core/binary.ts'
import { type DataRecord, shownRecord } from './ndjson.ts'
import { pipelined } from './pipelined.ts'

/** Records in all, and those of them that have siblings. */
export type ExportCounts = { readonly records: number; readonly conflicts: number }

/** Where records go, one at a time; resolves once there is room for more. */
export type RecordSink = { write(record: unknown): Promise<void> }

const pageKeys = 1000
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
  const read = async (key: Uint8Array) => ({ key, entry: await client.get(key, options) })
  for await (const { key, entry } of pipelined(
    allKeys(client, prefix, options),
    readsInFlight,
    read,
  )) {
    const values = valuesOf(entry)
    // Deleted since its page was listed.
    if (values.length === 0) continue
    records++
    if (values.length > 1) conflicts++
    await sink.write(shownRecord({ key, values } satisfies DataRecord))
  }
  return { records, conflicts }
}

async function* allKeys(
  client: Client,
  prefix: string,
  { timeoutMs, signal, via }: ReadOptions,
): AsyncGenerator<Uint8Array> {
  let cursor: string | undefined
  do {
    const page = await client.keyPage({ timeoutMs, signal, via, prefix, cursor, limit: pageKeys })
    for (const key of page.keys) yield bytesOf(key)
    cursor = page.cursor
  } while (cursor !== undefined)
}

function valuesOf(entry: Entry): readonly (Uint8Array | undefined)[] {
  if (!entry.found) return []
  return entry.conflict ? entry.siblings.map(sibling => sibling.value) : [entry.value]
}
