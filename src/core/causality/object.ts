/**
 * An object's bytes, the same on the wire and in a row: fixed, big-endian, encoded once
 * (performance §1.7).
 *
 *   format 1 ‖ flags 1 ‖ vector entries 4 ‖ operations 1 ‖ versions 2 ‖ [pins 2]
 *   ‖ vector entries ‖ operations ‖ [pins] ‖ versions
 *   vector entry:  actor 8 ‖ counter 6
 *   operation, pin: 12
 *   version:       actor 8 ‖ counter 6 ‖ operation 12 ‖ flags 1 ‖ checksum 4 ‖ time 6
 *                  ‖ length of via 1 ‖ via ‖ length of value 4 ‖ value
 *
 * Object flag 1: it has pins, and says how many. Without them an object's bytes are what they
 * were before there were pins. Object flag 2 is reserved for history, version flag 2 for an
 * expiry; both are refused today.
 */
import {
  readUint8,
  readUint16,
  readUint32,
  readUint48,
  writeUint8,
  writeUint16,
  writeUint32,
  writeUint48,
} from '../big-endian.ts'
import { binaryOf, writeBinary } from '../binary.ts'
import type { Hash } from '../hash.ts'
import { type Actor, nodeIdOf, type OpId } from '../ids.ts'
import { noPins, type Pins } from './pins.ts'
import { compareIdentities, opsKept, type Siblings, type Version } from './siblings.ts'
import { covers, type Dot, type VersionVector } from './version-vector.ts'

export const vectorEntriesMax = 65_536

/** The object as bytes of its own. */
export function encodeObject(siblings: Siblings): Uint8Array {
  const { vector, ops, pins, versions } = siblings
  const bytes = new Uint8Array(sizeOf(siblings))
  let at = writeUint8(bytes, 0, FORMAT)
  at = writeUint8(bytes, at, pins.length === 0 ? 0 : PINS)
  at = writeUint32(bytes, at, vector.length)
  at = writeUint8(bytes, at, ops.length)
  at = writeUint16(bytes, at, versions.length)
  if (pins.length > 0) at = writeUint16(bytes, at, pins.length)
  for (const dot of vector) at = writeDot(bytes, at, dot)
  for (const op of ops) at = writeBinary(bytes, at, op)
  for (const pin of pins) at = writeBinary(bytes, at, pin)
  for (const version of versions) at = writeVersion(bytes, at, version)
  return bytes
}

/**
 * The object that the bytes spell, with values as views on them; undefined where they spell
 * none, or a value does not have its checksum.
 */
export function decodeObject(hash: Hash, bytes: Uint8Array): Siblings | undefined {
  const siblings = decodeCheckedObject(bytes)
  const sound = siblings?.versions.every(({ value, checksum }) => hash.crc32(value) === checksum)
  return sound ? siblings : undefined
}

/** As `decodeObject`, for bytes whose own checksum the caller has verified. */
export function decodeCheckedObject(bytes: Uint8Array): Siblings | undefined {
  if (bytes.length < HEADER || readUint8(bytes, 0) !== FORMAT) return undefined
  const flags = readUint8(bytes, 1)
  const header = flags === PINS ? HEADER + 2 : HEADER
  if (flags > PINS || bytes.length < header) return undefined
  const entries = readUint32(bytes, 2)
  const opCount = readUint8(bytes, 6)
  const pinCount = flags === PINS ? readUint16(bytes, HEADER) : 0
  const opsAt = header + entries * DOT
  const pinsAt = opsAt + opCount * OP
  const versionsAt = pinsAt + pinCount * OP
  if (entries > vectorEntriesMax || opCount > opsKept || versionsAt > bytes.length) return undefined
  const vector = readVector(bytes, header, entries)
  const ops = readOps(bytes, opsAt, opCount)
  const pins = flags === PINS ? readPins(bytes, pinsAt, pinCount) : noPins
  if (vector === undefined || ops === undefined || pins === undefined) return undefined
  const versions = readVersions(bytes, versionsAt, readUint16(bytes, 7), vector)
  return versions && { vector, versions, ops, pins }
}

/** As many as are told, and at least one. */
function readPins(bytes: Uint8Array, at: number, count: number): Pins | undefined {
  return count === 0 ? undefined : readOps(bytes, at, count)
}

/** A vector of `count` entries; undefined where it is not sorted or a counter is 0. */
export function readVector(
  bytes: Uint8Array,
  at: number,
  count: number,
): VersionVector | undefined {
  const vector = new Array<Dot>(count)
  for (let i = 0; i < count; i++) {
    const dot = readDot(bytes, at + i * DOT)
    const last = vector[i - 1]
    if (dot.counter === 0 || (last !== undefined && last.actor >= dot.actor)) return undefined
    vector[i] = dot
  }
  return vector
}

/** A list of `count` operations; undefined where it is not descending. */
export function readOps(bytes: Uint8Array, at: number, count: number): readonly OpId[] | undefined {
  const ops = new Array<OpId>(count)
  for (let i = 0; i < count; i++) {
    const op = binaryOf(bytes, at + i * OP, at + (i + 1) * OP) as OpId
    const last = ops[i - 1]
    if (last !== undefined && last <= op) return undefined
    ops[i] = op
  }
  return ops
}

export function writeDot(into: Uint8Array, at: number, dot: Dot): number {
  return writeUint48(into, writeBinary(into, at, dot.actor), dot.counter)
}

const FORMAT = 1
const PINS = 1
const TOMBSTONE = 1
/** Without the number of pins. */
const HEADER = 9
const DOT = 14
const OP = 12
/** A version without via and value. */
const VERSION = DOT + OP + 1 + 4 + 6 + 1 + 4

function sizeOf({ vector, ops, pins, versions }: Siblings): number {
  let size = HEADER + vector.length * DOT + ops.length * OP + versions.length * VERSION
  if (pins.length > 0) size += 2 + pins.length * OP
  for (const version of versions) size += version.via.length + version.value.length
  return size
}

function writeVersion(into: Uint8Array, from: number, version: Version): number {
  let at = writeDot(into, from, version.dot)
  at = writeBinary(into, at, version.op)
  at = writeUint8(into, at, version.tombstone ? TOMBSTONE : 0)
  at = writeUint32(into, at, version.checksum)
  at = writeUint48(into, at, version.at)
  at = writeUint8(into, at, version.via.length)
  at = writeBinary(into, at, version.via)
  at = writeUint32(into, at, version.value.length)
  into.set(version.value, at)
  return at + version.value.length
}

export function readDot(bytes: Uint8Array, at: number): Dot {
  return { actor: binaryOf(bytes, at, at + 8) as Actor, counter: readUint48(bytes, at + 8) }
}

/** The versions, which fill the bytes to their end, are sorted and covered by the vector. */
function readVersions(
  bytes: Uint8Array,
  from: number,
  count: number,
  vector: VersionVector,
): readonly Version[] | undefined {
  if (count * VERSION > bytes.length - from) return undefined
  const versions = new Array<Version>(count)
  let at = from
  for (let i = 0; i < count; i++) {
    const version = readVersion(bytes, at)
    if (version === undefined || !covers(vector, version.dot)) return undefined
    const last = versions[i - 1]
    if (last !== undefined && compareIdentities(last, version) >= 0) return undefined
    versions[i] = version
    at += VERSION + version.via.length + version.value.length
  }
  return at === bytes.length ? versions : undefined
}

function readVersion(bytes: Uint8Array, at: number): Version | undefined {
  if (at + VERSION > bytes.length) return undefined
  const flags = readUint8(bytes, at + 26)
  const viaAt = at + 38
  const viaEnd = viaAt + readUint8(bytes, at + 37)
  const valueAt = viaEnd + 4
  if (flags > TOMBSTONE || valueAt > bytes.length) return undefined
  const via = nodeIdOf(binaryOf(bytes, viaAt, viaEnd))
  const valueEnd = valueAt + readUint32(bytes, viaEnd)
  const dot = readDot(bytes, at)
  if (via === undefined || dot.counter === 0 || valueEnd > bytes.length) return undefined
  if (flags === TOMBSTONE && valueEnd !== valueAt) return undefined
  return {
    dot,
    op: binaryOf(bytes, at + 14, at + 26) as OpId,
    tombstone: flags === TOMBSTONE,
    checksum: readUint32(bytes, at + 27),
    at: readUint48(bytes, at + 31),
    via,
    value: bytes.subarray(valueAt, valueEnd),
  }
}
