/**
 * The epoch: which view of the members a request was routed by (design §3). Two nodes have the
 * same epoch exactly when they know the same view and compute the same ring. Addresses are not
 * in it: a member that listens elsewhere owns what it owned.
 */
import { binaryOf, binaryOfUint48 } from '../binary.ts'
import type { Hash } from '../hash.ts'
import type { Epoch } from '../ids.ts'
import type { View, ViewEntry } from '../membership/view.ts'
import { ringVersion } from './claim.ts'
import { inOrder, weightUnits } from './shares.ts'

/** First 8 bytes of SHA-256 over the ring version and every entry, sorted by node id. */
export function epochOf(hash: Hash, view: View): Epoch {
  const sorted = inOrder(view)
  const text = integer(ringVersion) + integer(sorted.length) + sorted.map(encoded).join('')
  return hash.sha256(`epoch\0${text}`).slice(0, 8) as Epoch
}

/** Every field at its place, integers in 6 bytes, the others behind their length. */
function encoded(entry: ViewEntry): string {
  const { id, removed, version, weight, zone, key, statement } = entry
  return (
    text(id) +
    integer(removed ? 1 : 0) +
    integer(version) +
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
