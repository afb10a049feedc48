/**
 * The epoch: which view of the members a request was routed by (design §3). Two nodes have the
 * same epoch exactly when they know the same member records and compute the same ring.
 */
import { binaryOf, binaryOfUint48 } from '../binary.ts'
import type { Hash } from '../hash.ts'
import type { Epoch } from '../ids.ts'
import type { MemberRecord } from '../message.ts'
import { ringVersion } from './claim.ts'
import { inOrder, weightUnits } from './shares.ts'

/** First 8 bytes of SHA-256 over the ring version and every record, sorted by node id. */
export function epochOf(hash: Hash, members: readonly MemberRecord[]): Epoch {
  const sorted = inOrder(members)
  const view = integer(ringVersion) + integer(sorted.length) + sorted.map(encoded).join('')
  return hash.sha256(`epoch\0${view}`).slice(0, 8) as Epoch
}

/** Every field at its place, integers in 6 bytes, the others behind their length. */
function encoded(member: MemberRecord): string {
  const { id, host, port, weight, zone, key, statement } = member
  return (
    text(id) +
    text(host) +
    integer(port) +
    integer(weight * weightUnits) +
    text(zone) +
    optional(key) +
    optional(statement)
  )
}

/** A text as 2 bytes a UTF-16 unit: the hash takes bytes, and a zone may be in any script. */
function text(value: string): string {
  let units = ''
  for (let at = 0; at < value.length; at++) {
    const unit = value.charCodeAt(at)
    units += String.fromCharCode(unit >> 8, unit & 255)
  }
  return integer(units.length) + units
}

/** One byte says whether it is there: empty bytes are not absent ones. */
function optional(bytes: Uint8Array | undefined): string {
  return bytes === undefined ? '\0' : `\x01${integer(bytes.length)}${binaryOf(bytes)}`
}

const integer = binaryOfUint48
