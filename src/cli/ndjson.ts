/**
 * The record of `import` and `export`, one JSON object a line:
 * `{"key","value","encoding":"utf8"|"base64"}`, and for a key with a conflict `"siblings"`, a
 * list of `{"value","encoding"}` and `{"deleted":true}`, instead of a value. A key that is no
 * UTF-8 text is in base64 and says `"keyEncoding":"base64"`.
 */
import { keyBytesMax, valueBytesMax } from '../core/ids.ts'
import { CliError } from './cli-error.ts'
import { decoded, encodedKey, encodedValue } from './encoding.ts'
import { textOf } from './visible.ts'

/** The versions of one key; an undefined value is a tombstone. Never empty. */
export type DataRecord = {
  readonly key: Uint8Array
  readonly values: readonly (Uint8Array | undefined)[]
}

/** Longest line read: 64 siblings of one object of 8 MiB, escaped by JSON. */
const lineBytesMax = 64 * 1024 * 1024

/** The record as plain data for `JSON.stringify`. */
export function shownRecord(record: DataRecord): unknown {
  const [only] = record.values
  if (record.values.length === 1 && only !== undefined) {
    return { ...encodedKey(record.key), ...encodedValue(only) }
  }
  const siblings = record.values.map(value =>
    value === undefined ? { deleted: true } : encodedValue(value),
  )
  return { ...encodedKey(record.key), siblings }
}

/** The record on one line of an import. Throws USAGE or TOO_LARGE with the line's number. */
export function recordFrom(line: string, lineNumber: number): DataRecord {
  const fields = objectFrom(line, lineNumber)
  if (fields['ttl'] !== undefined) throw bad(lineNumber, '"ttl" is not supported')
  const key = bytesIn(fields, 'key', fields['keyEncoding'], lineNumber)
  if (key.length < 1) throw bad(lineNumber, '"key" is empty')
  if (key.length > keyBytesMax) throw tooLarge(lineNumber, 'key', keyBytesMax)
  return { key, values: valuesIn(fields, lineNumber) }
}

/** A JSON object of one line. Throws USAGE. */
export function objectFrom(line: string, lineNumber: number): Readonly<Record<string, unknown>> {
  const found = parsed(line)
  if (isObject(found)) return found
  throw bad(lineNumber, 'this is not a JSON object')
}

/** The bytes of a field that holds an encoded text. Throws USAGE. */
export function bytesIn(
  fields: Readonly<Record<string, unknown>>,
  name: string,
  encoding: unknown,
  lineNumber: number,
): Uint8Array {
  const text = fields[name]
  if (typeof text !== 'string') throw bad(lineNumber, `"${name}" is missing or is no text`)
  const bytes = decoded(text, encoding)
  if (bytes === undefined) throw bad(lineNumber, `"${name}" is neither utf8 nor base64`)
  return bytes
}

/** Lines of a stream of bytes, without their ends; the last one needs none. */
export async function* linesOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  let parts: Uint8Array[] = []
  let length = 0
  let lineNumber = 1
  for await (const chunk of chunks) {
    let from = 0
    for (let at = chunk.indexOf(newline); at !== -1; at = chunk.indexOf(newline, from)) {
      parts.push(chunk.subarray(from, at))
      yield lineOf(parts, lineNumber++)
      parts = []
      length = 0
      from = at + 1
    }
    parts.push(chunk.subarray(from))
    length += chunk.length - from
    if (length > lineBytesMax) throw new CliError('TOO_LARGE', 'a line is longer than 64 MiB')
  }
  const last = lineOf(parts, lineNumber)
  if (last !== '') yield last
}

function valuesIn(
  fields: Readonly<Record<string, unknown>>,
  lineNumber: number,
): readonly (Uint8Array | undefined)[] {
  const { siblings } = fields
  if (siblings === undefined) return [valueIn(fields, lineNumber)]
  if (!Array.isArray(siblings) || siblings.length === 0) {
    throw bad(lineNumber, '"siblings" is not a list of versions')
  }
  if (fields['value'] !== undefined) throw bad(lineNumber, 'both "value" and "siblings" are given')
  return siblings.map((sibling: unknown) => {
    if (!isObject(sibling)) throw bad(lineNumber, '"siblings" is not a list of versions')
    return sibling['deleted'] === true ? undefined : valueIn(sibling, lineNumber)
  })
}

function valueIn(fields: Readonly<Record<string, unknown>>, lineNumber: number): Uint8Array {
  const value = bytesIn(fields, 'value', fields['encoding'], lineNumber)
  if (value.length > valueBytesMax) throw tooLarge(lineNumber, 'value', valueBytesMax)
  return value
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}

function isObject(found: unknown): found is Readonly<Record<string, unknown>> {
  return typeof found === 'object' && found !== null && !Array.isArray(found)
}

function lineOf(parts: readonly Uint8Array[], lineNumber: number): string {
  const text = textOf(Buffer.concat(parts))
  if (text === undefined) throw bad(lineNumber, 'this is not UTF-8 text')
  return text.endsWith('\r') ? text.slice(0, -1) : text
}

function bad(lineNumber: number, problem: string): CliError {
  return new CliError('USAGE', `line ${lineNumber}: ${problem}`)
}

function tooLarge(lineNumber: number, name: string, max: number): CliError {
  return new CliError('TOO_LARGE', `line ${lineNumber}: "${name}" has more than ${max} bytes`)
}

const newline = 10
