/**
 * The reference model of what the replicas hold together: a version is there where some copy has
 * it and no copy knows of it without having it. Written over sets, apart from the merge in core.
 */

import type { Siblings, Version } from '../../core/causality/siblings.ts'
import { covers } from '../../core/causality/version-vector.ts'
import type { Key, OpId } from '../../core/ids.ts'
import type { History, Write } from '../history.ts'
import type { Scene } from './checker.ts'
import { copyIn, type HeldCopy, type Rows } from './decoded.ts'

/** Every sound copy of every key, hints included. */
export function copiesByKey(disks: readonly Rows[]): ReadonlyMap<Key, readonly Siblings[]> {
  const copies = new Map<Key, Siblings[]>()
  for (const rows of disks) {
    for (const [row, bytes] of rows) {
      const copy = copyIn(row, bytes)
      if (copy === undefined) continue
      const known = copies.get(copy.key)
      if (known === undefined) copies.set(copy.key, [copy.siblings])
      else known.push(copy.siblings)
    }
  }
  return copies
}

/** The copies of a key on a disk: the node's own, and the hints that it keeps. */
export function copiesOn(scene: Scene, disk: Rows | undefined, key: Key): readonly HeldCopy[] {
  if (disk === undefined) return []
  const owners = scene.context.members.map(member => member.id)
  return scene.decoded.rowsOf(key, owners).flatMap(row => {
    const bytes = disk.get(row)
    return (bytes && scene.decoded.copyIn(row, bytes)) ?? []
  })
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

export function writesTogether(history: History, copies: readonly Siblings[]): Set<Write> {
  return writesOf(history, together(copies))
}

/** Of these versions; what belongs to no write is left out (the I17 checker sees it). */
export function writesOf(history: History, versions: readonly Pick<Version, 'op'>[]): Set<Write> {
  const writes = new Set<Write>()
  for (const { op } of versions) {
    const write = history.ofOp(op)
    if (write !== undefined) writes.add(write)
  }
  return writes
}

/** Writes that some copy holds, or that what it holds supersedes. */
export function knownOf(history: History, copies: readonly Siblings[]): ReadonlySet<Write> {
  return history.withOlder(writesTogether(history, copies))
}

/** Does this copy hold the write, or what superseded it? */
export function accountsFor(copy: Siblings, { dot, op }: Pick<Version, 'dot' | 'op'>): boolean {
  return covers(copy.vector, dot) || knowsOp(copy, op)
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
  return covers(copy.vector, version.dot) || knowsOp(copy, version.op)
}

function knowsOp({ ops, pins }: Siblings, op: OpId): boolean {
  return ops.includes(op) || pins.includes(op)
}
