/**
 * One line of a batch: the verb of a command, a key, a value, or the same as a JSON object.
 *
 *     put cart:7 tea with milk          the value is the rest of the line
 *     put "two words" "a\nb"            a word in double quotes is a JSON string
 *     get cart:7
 *     {"op":"put","key":"/w==","keyEncoding":"base64","value":"…","encoding":"base64"}
 */
import { keyBytesMax, valueBytesMax } from '../core/ids.ts'
import { CliError } from './cli-error.ts'
import { bytesIn, objectFrom } from './ndjson.ts'

export type BatchOperation =
  | { readonly type: 'get' | 'del'; readonly key: Uint8Array }
  | { readonly type: 'put'; readonly key: Uint8Array; readonly value: Uint8Array }

/** The line's operation; undefined for an empty line and for one that begins with #. */
export function operationFrom(line: string, lineNumber: number): BatchOperation | undefined {
  const text = line.trimStart()
  if (text === '' || text.startsWith('#')) return undefined
  const operation = text.startsWith('{')
    ? fromObject(text, lineNumber)
    : fromWords(text, lineNumber)
  const { key } = operation
  if (key.length < 1) throw bad(lineNumber, 'the key is missing')
  if (key.length > keyBytesMax) throw tooLarge(lineNumber, 'key', keyBytesMax)
  if (operation.type === 'put' && operation.value.length > valueBytesMax) {
    throw tooLarge(lineNumber, 'value', valueBytesMax)
  }
  return operation
}

function fromObject(text: string, lineNumber: number): BatchOperation {
  const fields = objectFrom(text, lineNumber)
  const key = bytesIn(fields, 'key', fields['keyEncoding'], lineNumber)
  const type = verbFrom(fields['op'], lineNumber)
  if (type !== 'put') return { type, key }
  return { type, key, value: bytesIn(fields, 'value', fields['encoding'], lineNumber) }
}

function fromWords(text: string, lineNumber: number): BatchOperation {
  const [verb = '', afterVerb] = cut(text)
  const type = verbFrom(verb, lineNumber)
  const [key, rest] = wordOf(afterVerb ?? '', lineNumber)
  if (type !== 'put') {
    if (rest !== undefined && rest.trim() !== '') throw bad(lineNumber, `${type} takes one key`)
    return { type, key }
  }
  if (rest === undefined) throw bad(lineNumber, 'the value is missing')
  if (!rest.startsWith('"')) return { type, key, value: new TextEncoder().encode(rest) }
  const [value, more] = wordOf(rest, lineNumber)
  if (more?.trim()) throw bad(lineNumber, 'there is something behind the quoted value')
  return { type, key, value }
}

/** The first word, quoted or not, as bytes, and what follows it. */
function wordOf(text: string, lineNumber: number): [Uint8Array, string | undefined] {
  if (!text.startsWith('"')) {
    const [word, rest] = cut(text)
    return [new TextEncoder().encode(word), rest]
  }
  const quoted = /^"(?:[^"\\]|\\.)*"(?=\s|$)/.exec(text)?.[0]
  const word = quoted === undefined ? undefined : unquoted(quoted)
  if (quoted === undefined || word === undefined) {
    throw bad(lineNumber, 'a word that begins with " must be a JSON string')
  }
  const rest = text.slice(quoted.length)
  return [new TextEncoder().encode(word), rest === '' ? undefined : rest.slice(1)]
}

/** The text before the first blank, and the text behind it. */
function cut(text: string): [string, string | undefined] {
  const at = text.search(/[ \t]/)
  return at === -1 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)]
}

function unquoted(text: string): string | undefined {
  try {
    return String(JSON.parse(text))
  } catch {
    return undefined
  }
}

function verbFrom(verb: unknown, lineNumber: number): BatchOperation['type'] {
  if (verb === 'put' || verb === 'get' || verb === 'del') return verb
  throw bad(lineNumber, 'a line begins with put, get or del')
}

function bad(lineNumber: number, problem: string): CliError {
  return new CliError('USAGE', `line ${lineNumber}: ${problem}`)
}

function tooLarge(lineNumber: number, name: string, max: number): CliError {
  return new CliError('TOO_LARGE', `line ${lineNumber}: the ${name} has more than ${max} bytes`)
}
