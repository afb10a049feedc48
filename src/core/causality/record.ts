/**
 * A row's bytes (design §2): a header that stage 4's tree and a digest read need, then the
 * object as it travels.
 *
 *   format 1 ‖ flags 1 ‖ CRC-32 4 ‖ item digest 8 ‖ coordinator's time 6 ‖ generation 4
 *   ‖ [actor 8 ‖ start 8] ‖ object
 *
 * The CRC is over key, format, flags and all that follows it: a row under another's key, or
 * with one byte changed, is damaged.
 */
import { assert } from '../assert.ts'
import {
  readUint8,
  readUint32,
  readUint48,
  writeUint8,
  writeUint32,
  writeUint48,
} from '../big-endian.ts'
import { binaryOf, writeBinary } from '../binary.ts'
import { crc32OfBinary, type Hash } from '../hash.ts'
import type { Actor, Generation, Key, StartId, WallTime } from '../ids.ts'
import { type ActorField, fieldAfterMerge } from './actor.ts'
import { decodeCheckedObject, encodeObject } from './object.ts'
import type { Siblings } from './siblings.ts'

export type Record = {
  /** The object's bytes, a view on the row's. */
  readonly object: Uint8Array
  readonly siblings: Siblings
  /** `itemDigest`: 8 bytes, or '' where nothing is live. */
  readonly digest: string
  /** The coordinator's stamp: a hint for comparing, never a rule. */
  readonly time: WallTime
  readonly generation: Generation
  readonly field: ActorField | undefined
}

/**
 * Two rows of one key as one: `siblings` are theirs, merged. The field is the first one's, where
 * it may stay; the lower generation and the later time count.
 */
export function joinRecords(
  base: Omit<Record, 'digest'>,
  other: Pick<Record, 'object' | 'siblings' | 'time' | 'generation'>,
  siblings: Siblings,
): Omit<Record, 'digest'> {
  const whole = siblings === other.siblings ? other : siblings === base.siblings ? base : undefined
  const object = whole?.object ?? encodeObject(siblings)
  return {
    object,
    siblings,
    time: Math.max(base.time, other.time),
    generation: Math.min(base.generation, other.generation),
    field: fieldAfterMerge(base.field, base.siblings, other.siblings, siblings),
  }
}

/** The row as bytes of its own. */
export function encodeRecord(hash: Hash, key: Key, record: Omit<Record, 'siblings'>): Uint8Array {
  const { object, digest, field } = record
  assert(digest.length === 0 || digest.length === 8, 'a digest is 8 bytes or none')
  const flags = (field === undefined ? 0 : FIELD) | (digest === '' ? NOTHING_LIVE : 0)
  const start = field === undefined ? HEADER : HEADER + 16
  const bytes = new Uint8Array(start + object.length)
  writeUint8(bytes, 0, FORMAT)
  writeUint8(bytes, 1, flags)
  writeBinary(bytes, 6, digest)
  writeUint48(bytes, 14, record.time)
  writeUint32(bytes, 20, record.generation)
  if (field !== undefined) {
    writeBinary(bytes, HEADER, field.actor)
    writeBinary(bytes, HEADER + 8, field.start)
  }
  bytes.set(object, start)
  writeUint32(bytes, 2, checksumOf(hash, key, bytes))
  return bytes
}

/** The record in a row; undefined where the row is damaged. */
export function decodeRecord(hash: Hash, key: Key, bytes: Uint8Array): Record | undefined {
  if (!isSound(hash, key, bytes)) return undefined
  const flags = readUint8(bytes, 1)
  const object = bytes.subarray(flags & FIELD ? HEADER + 16 : HEADER)
  const siblings = decodeCheckedObject(object)
  return (
    siblings && {
      object,
      siblings,
      digest: digestIn(bytes),
      time: readUint48(bytes, 14),
      generation: readUint32(bytes, 20),
      field: flags & FIELD ? fieldIn(bytes) : undefined,
    }
  )
}

/** What of a row goes to another store, its object undecoded; undefined where it is damaged. */
export function carriedOf(
  hash: Hash,
  key: Key,
  bytes: Uint8Array,
): Pick<Record, 'object' | 'time' | 'generation'> | undefined {
  if (!isSound(hash, key, bytes)) return undefined
  const object = bytes.subarray(readUint8(bytes, 1) & FIELD ? HEADER + 16 : HEADER)
  return { object, time: readUint48(bytes, 14), generation: readUint32(bytes, 20) }
}

/** The digest in a row, its object left undecoded; undefined where the row is damaged. */
export function digestOfRecord(hash: Hash, key: Key, bytes: Uint8Array): string | undefined {
  return isSound(hash, key, bytes) ? digestIn(bytes) : undefined
}

const FORMAT = 1
const FIELD = 1
const NOTHING_LIVE = 2
/** Format, flags and the checksum itself. */
const CHECKED_FROM = 6
const HEADER = 24

function isSound(hash: Hash, key: Key, bytes: Uint8Array): boolean {
  if (bytes.length < HEADER || readUint8(bytes, 0) !== FORMAT) return false
  const flags = readUint8(bytes, 1)
  if (flags > (FIELD | NOTHING_LIVE)) return false
  if (flags & FIELD && bytes.length < HEADER + 16) return false
  return readUint32(bytes, 2) === checksumOf(hash, key, bytes)
}

function checksumOf(hash: Hash, key: Key, bytes: Uint8Array): number {
  const head = crc32OfBinary(key + String.fromCharCode(readUint8(bytes, 0), readUint8(bytes, 1)))
  return hash.crc32(bytes.subarray(CHECKED_FROM), head)
}

function digestIn(bytes: Uint8Array): string {
  return readUint8(bytes, 1) & NOTHING_LIVE ? '' : binaryOf(bytes, 6, 14)
}

function fieldIn(bytes: Uint8Array): ActorField {
  return {
    actor: binaryOf(bytes, HEADER, HEADER + 8) as Actor,
    start: binaryOf(bytes, HEADER + 8, HEADER + 16) as StartId,
  }
}
