/** What callers hand in, checked before anything is sent: a mistake costs no round trip. */
import { binaryOf } from '../core/binary.ts'
import { type Key, keyBytesMax, keyOf, type NodeId, nodeIdOf, type OpId } from '../core/ids.ts'
import { refusal } from './errors.ts'

/** Text is taken as UTF-8. */
export type KeyLike = string | Uint8Array
export type ValueLike = string | Uint8Array

/** How many answers are needed: a number from 1 to N, or a word for one. */
export type Quorum = number | 'one' | 'quorum' | 'all'

/** 1 to 1,024 bytes. Throws USAGE, TOO_LARGE. */
export function keyFrom(key: KeyLike): Key {
  const binary = typeof key === 'string' && isAscii(key) ? key : binaryOf(bytesFrom(key))
  const checked = keyOf(binary)
  if (checked !== undefined) return checked
  if (binary.length === 0) throw refusal('USAGE', 'the empty key is no key')
  const text = `the key has ${binary.length} bytes, at most ${keyBytesMax} are allowed`
  throw refusal('TOO_LARGE', text)
}

/** The start of a key: 0 to 1,024 bytes. Throws TOO_LARGE. */
export function prefixFrom(prefix: KeyLike): string {
  return prefix.length === 0 ? '' : keyFrom(prefix)
}

/** Throws TOO_LARGE. */
export function valueFrom(value: ValueLike, valueBytesMax: number): Uint8Array {
  const bytes = bytesFrom(value)
  if (bytes.length <= valueBytesMax) return bytes
  const text = `the value has ${bytes.length} bytes, this cluster allows ${valueBytesMax}`
  throw refusal('TOO_LARGE', text)
}

/** How many of N replicas a quorum means; undefined: the cluster's own. Throws USAGE. */
export function quorumFrom(quorum: Quorum | undefined, replicas: number): number | undefined {
  if (quorum === undefined) return undefined
  const words = { one: 1, quorum: Math.floor(replicas / 2) + 1, all: replicas }
  const count = typeof quorum === 'number' ? quorum : words[quorum]
  if (Number.isInteger(count) && count >= 1 && count <= replicas) return count
  throw refusal('USAGE', `r and w are 1 to ${replicas}, "one", "quorum" or "all"`)
}

/** Throws UNKNOWN_NODE: what is no name is no node's name. */
export function viaFrom(via: string | undefined): NodeId | undefined {
  if (via === undefined) return undefined
  const node = nodeIdOf(via)
  if (node !== undefined) return node
  throw refusal('UNKNOWN_NODE', 'a node has a name of 1 to 32 of a-z, 0-9 and -')
}

/** Throws USAGE. */
export function timeoutFrom(timeoutMs: number): number {
  if (timeoutMs > 0 && timeoutMs <= timeoutMsMax) return timeoutMs
  throw refusal('USAGE', `timeoutMs is more than 0 and at most ${timeoutMsMax}`)
}

/** Throws USAGE. */
export function opFrom(op: OpId | undefined): OpId | undefined {
  if (op === undefined || op.length === opLength) return op
  throw refusal('USAGE', 'op is the operation id of an earlier outcome')
}

function bytesFrom(value: KeyLike | ValueLike): Uint8Array {
  return typeof value === 'string' ? encoder.encode(value) : value
}

/** Such a text is its own UTF-8, as a binary string. */
function isAscii(text: string): boolean {
  let all = 0
  for (let at = 0; at < text.length; at++) all |= text.charCodeAt(at)
  return all < 0x80
}

const encoder = new TextEncoder()
const timeoutMsMax = 24 * 60 * 60 * 1000
const opLength = 12
