/** Many operations over one connection: pipelined, those of one key in order (ux 4.5). */
import type { Client, ReadOptions, WriteOptions } from '../client/index.ts'
import { binaryOf } from '../core/binary.ts'
import { type BatchOperation, operationFrom } from './batch-line.ts'
import { CliError, failureOf } from './cli-error.ts'
import { given } from './data-command.ts'
import { encodedKey } from './encoding.ts'
import { linesOf } from './ndjson.ts'
import { inTurn, pipelined } from './pipelined.ts'
import { exitOfEntry } from './print-entry.ts'
import { shownEntry, shownWrite } from './shown.ts'
import { oneLine } from './visible.ts'
import { seenBefore } from './write.ts'

/** What became of one line. */
export type BatchResult = { readonly document: unknown; readonly exit: number }

export type BatchOptions = {
  readonly read: ReadOptions
  readonly write: WriteOptions
  readonly blind: boolean
}

const operationsInFlight = 64

/** One result a line, in the order of the lines; a line that fails does not stop the others. */
export async function* batchResults(
  client: Client,
  chunks: AsyncIterable<Uint8Array>,
  options: BatchOptions,
): AsyncGenerator<BatchResult> {
  const oneAfterTheOther = inTurn<BatchResult>()
  yield* pipelined(numberedLines(chunks), operationsInFlight, async ({ line, lineNumber }) => {
    try {
      const operation = operationFrom(line, lineNumber)
      if (operation === undefined) return { document: undefined, exit: 0 }
      return await oneAfterTheOther(binaryOf(operation.key), () =>
        performed(client, operation, lineNumber, options),
      )
    } catch (error) {
      const failure = failureOf(error, false)
      return { document: { line: lineNumber, error: failure }, exit: failure.exit }
    }
  })
}

async function* numberedLines(chunks: AsyncIterable<Uint8Array>) {
  let lineNumber = 0
  for await (const line of linesOf(chunks)) yield { line, lineNumber: ++lineNumber }
}

async function performed(
  client: Client,
  operation: BatchOperation,
  lineNumber: number,
  { read, write, blind }: BatchOptions,
): Promise<BatchResult> {
  const { key, type } = operation
  const head = { line: lineNumber, op: type, ...encodedKey(key) }
  try {
    if (type === 'get') {
      const entry = await client.get(key, read)
      return { document: { ...head, ...shownEntry(entry) }, exit: exitOfEntry(entry) }
    }
    const shownKey = oneLine(head.key)
    const flags = { context: undefined, blind }
    const seen = await seenBefore(client, key, shownKey, flags, read)
    if (type === 'del' && !seen.found) throw new CliError('NOT_FOUND', `${shownKey}: not found`)
    const options = { ...write, ...given({ context: seen.context }) }
    const written =
      type === 'put'
        ? await client.put(key, operation.value, options)
        : await client.delete(key, options)
    const warnings = seen.warning === undefined ? {} : { warnings: [seen.warning] }
    return { document: { ...head, ...shownWrite(written), ...warnings }, exit: 0 }
  } catch (error) {
    const failure = failureOf(error, false)
    return { document: { ...head, error: failure }, exit: failure.exit }
  }
}
