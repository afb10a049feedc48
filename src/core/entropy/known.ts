/**
 * What is known of a key without its values: the vector and, for each live version, its dot,
 * checksum and tombstone flag. Enough to tell which of two members has news for the other, so
 * that an object moves only where it is news.
 *
 *   vector entries 2 ‖ entry: actor 8 ‖ counter 6 ‖ version: actor 8 ‖ counter 6 ‖ checksum 4 ‖ flag 1
 */
import {
  readUint8,
  readUint16,
  readUint32,
  writeUint8,
  writeUint16,
  writeUint32,
} from '../big-endian.ts'
import { readDot, readVector, writeDot } from '../causality/object.ts'
import { compareIdentities, type Identity, type Siblings } from '../causality/siblings.ts'
import { compareDots, covers, type VersionVector } from '../causality/version-vector.ts'

export type Known = { readonly vector: VersionVector; readonly versions: readonly Identity[] }

export function encodeKnown({ vector, versions }: Siblings): Uint8Array {
  const bytes = new Uint8Array(2 + DOT * vector.length + VERSION * versions.length)
  let at = writeUint16(bytes, 0, vector.length)
  for (const dot of vector) at = writeDot(bytes, at, dot)
  for (const { dot, checksum, tombstone } of versions) {
    at = writeUint32(bytes, writeDot(bytes, at, dot), checksum)
    at = writeUint8(bytes, at, tombstone ? 1 : 0)
  }
  return bytes
}

/** undefined where the bytes are none. */
export function decodeKnown(bytes: Uint8Array): Known | undefined {
  if (bytes.length < 2) return undefined
  const entries = readUint16(bytes, 0)
  const from = 2 + DOT * entries
  if (from > bytes.length || (bytes.length - from) % VERSION !== 0) return undefined
  const vector = readVector(bytes, 2, entries)
  if (vector === undefined) return undefined
  const versions: Identity[] = []
  for (let at = from; at < bytes.length; at += VERSION) {
    const flag = readUint8(bytes, at + DOT + 4)
    if (flag > 1) return undefined
    const checksum = readUint32(bytes, at + DOT)
    versions.push({ dot: readDot(bytes, at), checksum, tombstone: flag === 1 })
  }
  return { vector, versions }
}

/** Who has news for whom? Both, where the same versions do not tell why the digests differ. */
export function newsOf(
  theirs: Known,
  ours: Known,
): { readonly theirs: boolean; readonly ours: boolean } {
  const news = { theirs: isNews(theirs, ours), ours: isNews(ours, theirs) }
  if (news.theirs || news.ours || isSame(theirs, ours)) return news
  return { theirs: true, ours: true }
}

/** Would a merge of `a` change what is live in `b`? */
function isNews(a: Known, b: Known): boolean {
  const fresh = a.versions.some(
    version => !holds(b, version) && (!covers(b.vector, version.dot) || holdsDot(b, version)),
  )
  return fresh || b.versions.some(version => covers(a.vector, version.dot) && !holdsDot(a, version))
}

function isSame(a: Known, b: Known): boolean {
  return a.versions.length === b.versions.length && a.versions.every(version => holds(b, version))
}

function holds({ versions }: Known, version: Identity): boolean {
  return versions.some(held => compareIdentities(held, version) === 0)
}

function holdsDot({ versions }: Known, { dot }: Identity): boolean {
  return versions.some(held => compareDots(held.dot, dot) === 0)
}

const DOT = 14
const VERSION = DOT + 4 + 1
