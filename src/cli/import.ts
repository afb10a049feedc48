/** Records (`ndjson.ts`) into a cluster: each supersedes what its key holds. */
import type { Client, ReadOptions, WriteOptions } from '../client/index.ts'
import { binaryOf } from '../core/binary.ts'
import { CliError, failureOf } from './cli-error.ts'
import { given } from './data-command.ts'
import { encodedKey } from './encoding.ts'
import { type DataRecord, linesOf, recordFrom } from './ndjson.ts'
import { inTurn, pipelined } from './pipelined.ts'
import { counted } from './render.ts'
import { oneLine } from './visible.ts'
import { seenBefore } from './write.ts'

export type ImportCounts = {
  /** Records written. */
  readonly records: number
  /** Records left out because their key has siblings. */
  readonly conflicts: number
}

export type ImportOptions = { readonly read: ReadOptions; readonly write: WriteOptions }

const recordsInFlight = 64

/**
 * Writes every record; those of one key in their order. Stops at the first line or write that
 * fails, saying how many records before it are in. A key with siblings is left alone, told to
 * `left`, and counted.
 */
export async function importRecords(
  client: Client,
  chunks: AsyncIterable<Uint8Array>,
  options: ImportOptions,
  left: (key: string) => void,
): Promise<ImportCounts> {
  let records = 0
  let conflicts = 0
  const oneAfterTheOther = inTurn<boolean>()
  const write = (record: DataRecord) =>
    oneAfterTheOther(binaryOf(record.key), () => writeRecord(client, record, options, left))
  try {
    for await (const written of pipelined(recordsOf(chunks), recordsInFlight, write)) {
      if (written) records++
      else conflicts++
    }
  } catch (error) {
    const { code, message, outcome } = failureOf(error, false)
    const before = `${counted(records, 'record')} before it imported`
    throw new CliError(code, `${message}; ${before}`, [], outcome)
  }
  return { records, conflicts }
}

async function* recordsOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<DataRecord> {
  let lineNumber = 0
  for await (const line of linesOf(chunks)) {
    lineNumber++
    if (line.trim() !== '') yield recordFrom(line, lineNumber)
  }
}

/** Several versions are as many puts with one context: they become siblings. */
async function writeRecord(
  client: Client,
  { key, values }: DataRecord,
  { read, write }: ImportOptions,
  left: (key: string) => void,
): Promise<boolean> {
  const shownKey = oneLine(encodedKey(key).key)
  const flags = { context: undefined, blind: false }
  try {
    const { context } = await seenBefore(client, key, shownKey, flags, read)
    const options = { ...write, ...given({ context }) }
    for (const value of values) {
      if (value === undefined) await client.delete(key, options)
      else await client.put(key, value, options)
    }
    return true
  } catch (error) {
    if (!(error instanceof CliError && error.code === 'CONFLICT')) throw error
    left(shownKey)
    return false
  }
}
