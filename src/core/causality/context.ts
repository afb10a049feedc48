/**
 * The opaque context of a get or put (Dynamo §4.4), handed back with the next put. A forged or
 * misplaced one could make puts to come look already seen, so it carries a MAC over its key
 * and all of itself (security §2.6).
 *
 *   format 1 ‖ context key's id 4 ‖ generation 4 ‖ vector entries 2 ‖ operations 1
 *   ‖ vector ‖ operations ‖ MAC 8
 *
 * MAC = first 8 bytes of sha256(context key ‖ length of key 2 ‖ key ‖ all before the MAC).
 */
import { assert } from '../assert.ts'
import {
  readUint8,
  readUint16,
  readUint32,
  writeUint8,
  writeUint16,
  writeUint32,
} from '../big-endian.ts'
import { binaryOf, writeBinary } from '../binary.ts'
import type { Hash } from '../hash.ts'
import type { Generation, Key } from '../ids.ts'
import type { Secrets } from '../step.ts'
import { readOps, readVector, writeDot } from './object.ts'
import { opsKept, type Seen } from './siblings.ts'

export const contextBytesMax = 65_536

/**
 * The context as bytes of its own, signed with the newest key. Vector entries past 4,096 are
 * left out, far above what pruning lets a row keep: that may show a false sibling, never lose.
 */
export function encodeContext(
  hash: Hash,
  keys: Secrets['context'],
  key: Key,
  seen: Seen,
  generation: Generation,
): Uint8Array {
  const secret = keys[0]
  assert(secret !== undefined, 'there is a context key')
  const entries = Math.min(seen.vector.length, ENTRIES_MAX)
  const bytes = new Uint8Array(sizeOf(entries, seen.ops.length))
  let at = writeUint8(bytes, 0, FORMAT)
  at = writeUint32(bytes, at, secret.id)
  at = writeUint32(bytes, at, generation)
  at = writeUint16(bytes, at, entries)
  at = writeUint8(bytes, at, seen.ops.length)
  for (let i = 0; i < entries; i++) at = writeDot(bytes, at, seen.vector[i] as Seen['vector'][0])
  for (const op of seen.ops) at = writeBinary(bytes, at, op)
  writeBinary(bytes, at, macOf(hash, secret.key, key, binaryOf(bytes, 0, at)))
  return bytes
}

/** What the context says; undefined where it is truncated, edited, foreign or another key's. */
export function decodeContext(
  hash: Hash,
  keys: Secrets['context'],
  key: Key,
  bytes: Uint8Array,
): { readonly seen: Seen; readonly generation: Generation } | undefined {
  if (bytes.length < HEADER + MAC || bytes.length > contextBytesMax) return undefined
  if (readUint8(bytes, 0) !== FORMAT) return undefined
  const id = readUint32(bytes, 1)
  const secret = keys.find(candidate => candidate.id === id)
  const macAt = bytes.length - MAC
  const body = binaryOf(bytes, 0, macAt)
  if (secret === undefined) return undefined
  if (!equalMacs(macOf(hash, secret.key, key, body), binaryOf(bytes, macAt))) return undefined
  const entries = readUint16(bytes, 9)
  const opCount = readUint8(bytes, 11)
  if (opCount > opsKept || sizeOf(entries, opCount) !== bytes.length) return undefined
  const vector = readVector(bytes, HEADER, entries)
  const ops = readOps(bytes, macAt - opCount * 12, opCount)
  return vector && ops && { seen: { vector, ops }, generation: readUint32(bytes, 5) }
}

const FORMAT = 1
const HEADER = 12
const MAC = 8
const ENTRIES_MAX = 4096

function sizeOf(entries: number, ops: number): number {
  return HEADER + entries * 14 + ops * 12 + MAC
}

function macOf(hash: Hash, secret: string, key: Key, body: string): string {
  const length = String.fromCharCode(key.length >>> 8, key.length & 255)
  return hash.sha256(secret + length + key + body).slice(0, MAC)
}

/** Takes the same time wherever they differ. */
function equalMacs(a: string, b: string): boolean {
  let difference = a.length ^ b.length
  for (let i = 0; i < MAC; i++) difference |= a.charCodeAt(i) ^ b.charCodeAt(i)
  return difference === 0
}
