/**
 * The opaque context of a get or put (Dynamo §4.4), handed back with the next put. A forged or
 * misplaced one could make puts to come look already seen, so it carries a MAC over its key
 * and all of itself (security §2.6).
 *
 *   format 1 ‖ context key's id 4 ‖ generation 4 ‖ vector entries 2 ‖ operations 1 ‖ pins 2
 *   ‖ vector ‖ operations ‖ pins ‖ MAC 8
 *
 * Format 2. Format 1, which earlier versions gave out, has no pins and at most 8 operations.
 * MAC = first 8 bytes of sha256(context key ‖ length of key 2 ‖ key ‖ all before the MAC).
 */
import { mutant } from '#mutants'
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
import type { Generation, Key, OpId } from '../ids.ts'
import type { Secrets } from '../step.ts'
import { readOps, readVector, writeDot } from './object.ts'
import { noPins } from './pins.ts'
import { nothingSeen, opsKept, type Seen } from './siblings.ts'

export const contextBytesMax = 65_536

/**
 * The context as bytes of its own, signed with the newest key. Vector entries past 4,096 are
 * left out, far above what pruning lets a row keep: that may show a false sibling, never lose.
 * So may a context of nothing, which is given out where there are more pins than fit: who covers
 * a dot holds its pin.
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
  const { vector, ops, pins } = seen.pins.length > PINS_MAX ? nothingSeen : told(seen)
  const bytes = new Uint8Array(sizeOf(FORMAT, vector.length, ops.length, pins.length))
  let at = writeUint8(bytes, 0, FORMAT)
  at = writeUint32(bytes, at, secret.id)
  at = writeUint32(bytes, at, generation)
  at = writeUint16(bytes, at, vector.length)
  at = writeUint8(bytes, at, ops.length)
  at = writeUint16(bytes, at, pins.length)
  for (const dot of vector) at = writeDot(bytes, at, dot)
  for (const op of [...ops, ...pins]) at = writeBinary(bytes, at, op)
  writeBinary(bytes, at, macOf(hash, secret.key, key, binaryOf(bytes, 0, at)))
  return bytes
}

/** As much of it as there is room for beside its pins. */
function told({ vector, ops, pins }: Seen): Seen {
  const kept = mutant(620) ? noPins : pins
  const room = contextBytesMax - sizeOf(FORMAT, 0, ops.length, kept.length)
  const entries = Math.min(ENTRIES_MAX, Math.floor(room / ENTRY))
  return { vector: vector.length > entries ? vector.slice(0, entries) : vector, ops, pins: kept }
}

/** What the context says; undefined where it is truncated, edited, foreign or another key's. */
export function decodeContext(
  hash: Hash,
  keys: Secrets['context'],
  key: Key,
  bytes: Uint8Array,
): { readonly seen: Seen; readonly generation: Generation } | undefined {
  if (bytes.length < FIRST_HEADER + MAC || bytes.length > contextBytesMax) return undefined
  const format = readUint8(bytes, 0)
  if (format !== FORMAT && format !== FIRST_FORMAT) return undefined
  const header = headerOf(format)
  if (bytes.length < header + MAC) return undefined
  const id = readUint32(bytes, 1)
  const secret = keys.find(candidate => candidate.id === id)
  const macAt = bytes.length - MAC
  const body = binaryOf(bytes, 0, macAt)
  if (secret === undefined) return undefined
  if (!equalMacs(macOf(hash, secret.key, key, body), binaryOf(bytes, macAt))) return undefined
  const entries = readUint16(bytes, 9)
  const opCount = readUint8(bytes, 11)
  const pinCount = format === FORMAT ? readUint16(bytes, 12) : 0
  const opsMax = format === FORMAT ? opsKept + 1 : opsKept
  const size = sizeOf(format, entries, opCount, pinCount)
  if (opCount > opsMax || size !== bytes.length) return undefined
  const opsAt = header + entries * ENTRY
  const vector = readVector(bytes, header, entries)
  const ops = readOps(bytes, opsAt, opCount)
  const pins = readOps(bytes, opsAt + opCount * OP, pinCount)
  return vector && ops && pins && { seen: { vector, ops, pins }, generation: readUint32(bytes, 5) }
}

/**
 * The highest operation that a context shows, which anybody may read: it is signed, not hidden.
 * undefined where there is none, or where the bytes are no context's.
 */
export function newestOpIn(bytes: Uint8Array): OpId | undefined {
  if (bytes.length < FIRST_HEADER + MAC) return undefined
  const format = readUint8(bytes, 0)
  if (format !== FORMAT && format !== FIRST_FORMAT) return undefined
  const opCount = readUint8(bytes, 11)
  const at = headerOf(format) + readUint16(bytes, 9) * ENTRY
  // Descending: the first is the highest.
  return opCount > 0 && at + OP <= bytes.length ? (binaryOf(bytes, at, at + OP) as OpId) : undefined
}

const FORMAT = 2
const FIRST_FORMAT = 1
const FIRST_HEADER = 12
const MAC = 8
const ENTRY = 14
const OP = 12
const ENTRIES_MAX = 4096
/** So many that room is left for a vector. */
const PINS_MAX = 5000

function headerOf(format: number): number {
  return format === FORMAT ? FIRST_HEADER + 2 : FIRST_HEADER
}

function sizeOf(format: number, entries: number, ops: number, pins: number): number {
  return headerOf(format) + entries * ENTRY + (ops + pins) * OP + MAC
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
