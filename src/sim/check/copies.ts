/**
 * The reference model of what the replicas hold together: a version is there where some copy has
 * it and no copy knows of it without having it. Written over sets, apart from the merge in core.
 */

import { decodeRecord } from '../../core/causality/record.ts'
import type { Siblings, Version } from '../../core/causality/siblings.ts'
import { covers } from '../../core/causality/version-vector.ts'
import type { Key } from '../../core/ids.ts'
import { hintOfRow, hintRows, keyOfRow, objectRowAt, objectRowsEnd } from '../../core/row-key.ts'
import type { RowKey } from '../../core/step.ts'
import { simHash } from '../hash.ts'
import type { History, Write } from '../history.ts'

export type Rows = ReadonlyMap<RowKey, Uint8Array>

/** The key that a row holds a copy of, and where its record begins: an object, or a hint. */
export function copyOfRow(row: RowKey): { readonly key: Key; readonly from: number } | undefined {
  if (row > objectRowAt('') && row < objectRowsEnd) return { key: keyOfRow(row).key, from: 0 }
  if (row > hintRows.from && row < hintRows.to) return { key: hintOfRow(row).key, from: 6 }
  return undefined
}

/** Every sound copy of every key. */
export function copiesByKey(disks: readonly Rows[]): ReadonlyMap<Key, readonly Siblings[]> {
  const copies = new Map<Key, Siblings[]>()
  for (const rows of disks) {
    for (const [row, bytes] of rows) {
      const copy = copyOfRow(row)
      if (copy === undefined) continue
      const { key } = copy
      const record = decodeRecord(simHash, key, bytes.subarray(copy.from))
      if (record === undefined) continue
      const known = copies.get(key)
      if (known === undefined) copies.set(key, [record.siblings])
      else known.push(record.siblings)
    }
  }
  return copies
}

/** The versions that are there when all copies are put together. */
export function together(copies: readonly Siblings[]): readonly Version[] {
  const versions: Version[] = []
  for (const copy of copies) {
    for (const version of copy.versions) {
      if (copies.every(other => holds(other, version) || !knows(other, version))) {
        versions.push(version)
      }
    }
  }
  return versions
}

/** The writes among them; what belongs to no write is left out (the I17 checker sees it). */
export function writesTogether(history: History, copies: readonly Siblings[]): Set<Write> {
  const writes = new Set<Write>()
  for (const { op } of together(copies)) {
    const write = history.ofOp(op)
    if (write !== undefined) writes.add(write)
  }
  return writes
}

/** Does this copy hold the write, or what superseded it? */
export function accountsFor(copy: Siblings, { dot, op }: Pick<Version, 'dot' | 'op'>): boolean {
  return covers(copy.vector, dot) || copy.ops.includes(op)
}

function holds(copy: Siblings, { dot, op, checksum }: Version): boolean {
  return copy.versions.some(
    held =>
      held.op === op ||
      (held.dot.actor === dot.actor &&
        held.dot.counter === dot.counter &&
        held.checksum === checksum),
  )
}

function knows(copy: Siblings, version: Version): boolean {
  return covers(copy.vector, version.dot) || copy.ops.includes(version.op)
}
