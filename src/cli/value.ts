/**
 * Keys and values as they are typed: KEY is UTF-8 text of 1 to 1,024 bytes; VALUE is the text
 * itself, `-` for the bytes of standard input, `@FILE` for those of a file, `@@x` for the text
 * `@x`. Bounds are checked here, so that nothing is sent of what could not be kept.
 */
import { createReadStream, readFileSync } from 'node:fs'
import { addAbortSignal } from 'node:stream'
import { keyBytesMax, valueBytesMax } from '../core/ids.ts'
import { CliError } from './cli-error.ts'
import { oneLine } from './visible.ts'

/** The key's bytes. Throws USAGE where the text is empty, TOO_LARGE where it is too long. */
export function keyFrom(text: string): Uint8Array {
  const bytes = new TextEncoder().encode(text)
  if (bytes.length >= 1 && bytes.length <= keyBytesMax) return bytes
  if (bytes.length === 0) throw new CliError('USAGE', 'a key has at least one byte')
  throw new CliError(
    'TOO_LARGE',
    `a key has at most ${keyBytesMax} bytes, this has ${bytes.length}`,
  )
}

/**
 * Throws USAGE where a word of the command line was not UTF-8: what Node made of it would be
 * another key or value than the one that was typed.
 */
export function refuseMangledWords(words: readonly string[]): void {
  for (const word of words) {
    if (!word.includes(replacement) || typedSo(word)) continue
    const help = 'keys are text; a value of other bytes goes through - or @FILE'
    throw new CliError('USAGE', `${oneLine(word)} is not UTF-8 text: ${help}`)
  }
}

/** The character that takes the place of wrong bytes can be typed, too. */
function typedSo(word: string): boolean {
  try {
    return readFileSync('/proc/self/cmdline').includes(`${word}\0`)
  } catch {
    return false
  }
}

/** The bytes that a VALUE means. Throws TOO_LARGE, or USAGE for a file that cannot be read. */
export async function valueFrom(
  text: string,
  input: AsyncIterable<Uint8Array> = process.stdin,
): Promise<Uint8Array> {
  if (text === '-') return boundedBytes(input)
  if (!text.startsWith('@')) return bounded(new TextEncoder().encode(text))
  if (text.startsWith('@@')) return bounded(new TextEncoder().encode(text.slice(1)))
  return fileBytes(text.slice(1))
}

/**
 * A file, or standard input for `-`, as chunks, until the signal is aborted. Throws USAGE where
 * it cannot be read.
 */
export async function* chunksFrom(path: string, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
  if (path === '-') {
    if (signal !== undefined) addAbortSignal(signal, process.stdin)
    yield* process.stdin
    return
  }
  try {
    yield* createReadStream(path, signal === undefined ? {} : { signal })
  } catch (error) {
    if (signal?.aborted === true) throw error
    throw new CliError('USAGE', `cannot read ${oneLine(path)}: ${reason(error)}`)
  }
}

async function fileBytes(path: string): Promise<Uint8Array> {
  if (path !== '' && path !== '-') return boundedBytes(chunksFrom(path))
  throw new CliError('USAGE', '@ needs the name of a file; @@ begins a value with @', [
    'kv put KEY -',
  ])
}

async function boundedBytes(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  let length = 0
  for await (const chunk of chunks) {
    length += chunk.length
    if (length > valueBytesMax) throw tooLarge(`more than ${valueBytesMax}`)
    parts.push(chunk)
  }
  return new Uint8Array(Buffer.concat(parts))
}

function bounded(bytes: Uint8Array): Uint8Array {
  if (bytes.length > valueBytesMax) throw tooLarge(String(bytes.length))
  return bytes
}

function tooLarge(found: string): CliError {
  return new CliError('TOO_LARGE', `a value has at most ${valueBytesMax} bytes, this has ${found}`)
}

/** Why a file could not be read or written, in a few words. */
export function reason(error: unknown): string {
  const code = error instanceof Error ? Reflect.get(error, 'code') : undefined
  if (code === 'ENOENT') return 'no such file or directory'
  if (code === 'EISDIR') return 'it is a directory'
  if (code === 'ENOTDIR') return 'a part of its path is no directory'
  if (code === 'EACCES') return 'permission denied'
  return error instanceof Error ? error.message : String(error)
}

const replacement = '\ufffd'
