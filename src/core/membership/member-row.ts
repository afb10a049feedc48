/**
 * The row of a member in the store, so that a node restarts knowing its peers:
 *
 *   format 1 ‖ CRC-32 4 ‖ removed 1 ‖ version 6 ‖ weight in 64ths 4 ‖ incarnation 6 ‖ port 2
 *   ‖ then each behind its length 2: host, zone, key, statement
 *
 * The CRC is over the id and all that follows it. Length 0xffff: the field is not there.
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
import { binaryOf, bytesOf, writeBinary } from '../binary.ts'
import type { Hash } from '../hash.ts'
import type { NodeId } from '../ids.ts'
import { weightUnits } from '../ring/shares.ts'
import type { ViewEntry } from './view.ts'

/** What is kept of a member. Port 0: its address is not known. */
export type MemberRow = {
  readonly entry: ViewEntry
  readonly host: string
  readonly port: number
  readonly incarnation: number
}

export function encodeMember(hash: Hash, row: MemberRow): Uint8Array {
  const { entry, host, port, incarnation } = row
  const fields = [host, entry.zone, optional(entry.key), optional(entry.statement)]
  const length = fields.reduce((sum, field) => sum + 2 + (field?.length ?? 0), HEADER)
  const bytes = new Uint8Array(length)
  let at = writeUint8(bytes, 0, FORMAT)
  at = writeUint8(bytes, CHECKED_FROM, entry.removed ? 1 : 0)
  at = writeUint48(bytes, at, entry.version)
  at = writeUint32(bytes, at, entry.weight * weightUnits)
  at = writeUint48(bytes, at, incarnation)
  at = writeUint16(bytes, at, port)
  for (const field of fields) {
    at = writeUint16(bytes, at, field?.length ?? ABSENT)
    at = writeBinary(bytes, at, field ?? '')
  }
  writeUint32(bytes, 1, checksumOf(hash, entry.id, bytes))
  return bytes
}

/** The member in a row; undefined where the row is damaged. */
export function decodeMember(hash: Hash, id: NodeId, bytes: Uint8Array): MemberRow | undefined {
  if (bytes.length < HEADER || readUint8(bytes, 0) !== FORMAT) return undefined
  if (readUint32(bytes, 1) !== checksumOf(hash, id, bytes)) return undefined
  const [host, zone, key, statement] = fieldsIn(bytes)
  const entry = {
    id,
    removed: readUint8(bytes, 5) === 1,
    version: readUint48(bytes, 6),
    weight: readUint32(bytes, 12) / weightUnits,
    zone: zone ?? '',
    key: key === undefined ? undefined : bytesOf(key),
    statement: statement === undefined ? undefined : bytesOf(statement),
  }
  return {
    entry,
    host: host ?? '',
    incarnation: readUint48(bytes, 16),
    port: readUint16(bytes, 22),
  }
}

const FORMAT = 1
const CHECKED_FROM = 5
const HEADER = 24
const ABSENT = 0xffff

function fieldsIn(bytes: Uint8Array): (string | undefined)[] {
  const fields: (string | undefined)[] = []
  let at = HEADER
  while (at + 2 <= bytes.length) {
    const length = readUint16(bytes, at)
    const end = at + 2 + (length === ABSENT ? 0 : length)
    fields.push(length === ABSENT ? undefined : binaryOf(bytes, at + 2, end))
    at = end
  }
  return fields
}

function optional(bytes: Uint8Array | undefined): string | undefined {
  return bytes === undefined ? undefined : binaryOf(bytes)
}

function checksumOf(hash: Hash, id: NodeId, bytes: Uint8Array): number {
  return hash.crc32(bytes.subarray(CHECKED_FROM), hash.crc32(bytesOf(id)))
}
