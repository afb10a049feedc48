/**
 * Bytes in JSON, exactly: UTF-8 text as it is, anything else in base64 and labelled so. Also
 * the text form of contexts and operation ids.
 */
import { binaryOfHex } from '../core/binary.ts'
import type { OpId } from '../core/ids.ts'
import { CliError } from './cli-error.ts'
import { textOf } from './visible.ts'

type Encoding = 'utf8' | 'base64'
export type EncodedValue = { readonly value: string; readonly encoding: Encoding }
export type EncodedKey = { readonly key: string; readonly keyEncoding?: 'base64' }

export function encodedValue(bytes: Uint8Array): EncodedValue {
  const text = textOf(bytes)
  if (text !== undefined) return { value: text, encoding: 'utf8' }
  return { value: Buffer.from(bytes).toString('base64'), encoding: 'base64' }
}

/** A key for JSON; `keyEncoding` appears only where the key is no UTF-8 text. */
export function encodedKey(bytes: Uint8Array): EncodedKey {
  const { value, encoding } = encodedValue(bytes)
  return encoding === 'utf8' ? { key: value } : { key: value, keyEncoding: encoding }
}

/** The bytes of an encoded text; undefined where base64 is malformed or the encoding unknown. */
export function decoded(text: string, encoding: unknown): Uint8Array | undefined {
  if (encoding === undefined || encoding === 'utf8') return new TextEncoder().encode(text)
  if (encoding !== 'base64' || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return undefined
  const bytes = Buffer.from(text, 'base64')
  return bytes.toString('base64') === text ? new Uint8Array(bytes) : undefined
}

/** A context as one word for the command line. */
export function contextToken(context: Uint8Array): string {
  return Buffer.from(context).toString('base64url')
}

/** The context that a token spells. Throws BAD_CONTEXT; the node judges the bytes. */
export function contextFrom(token: string): Uint8Array {
  const bytes = Buffer.from(token, 'base64url')
  if (token !== '' && bytes.toString('base64url') === token) return new Uint8Array(bytes)
  throw new CliError('BAD_CONTEXT', 'this is not a context token: it was cut or edited', [
    'kv get KEY --context-only',
  ])
}

/** The operation id that its digits spell. Throws USAGE. */
export function opFrom(digits: string): OpId {
  const op = digits.length === 24 ? binaryOfHex(digits) : undefined
  if (op !== undefined) return op as OpId
  throw new CliError('USAGE', 'an operation id has 24 digits, 0-9 and a-f, as a failed write says')
}
