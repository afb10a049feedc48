/**
 * What is known of one key: a dotted version vector set (Preguica et al., "Dotted Version
 * Vectors") whose dots are written out, since actors' counters may skip in foreign objects
 * (protocols 3). Dynamo §4.4: a put supersedes what its context saw; all else is a sibling.
 */
import { mutant, sometimes } from '#mutants'
import { assert } from '../assert.ts'
import { compareBinary } from '../binary.ts'
import type { NodeId, OpId, WallTime } from '../ids.ts'
import { arePinsFull, isPinned, mergePins, noPins, type Pins } from './pins.ts'
import {
  compareDots,
  counterOf,
  covers,
  type Dot,
  includeDot,
  mergeVectors,
  type VersionVector,
} from './version-vector.ts'

/** One live value or tombstone. It is identified by its dot and what it holds. */
export type Version = {
  readonly dot: Dot
  readonly op: OpId
  /** A delete; its value is empty. */
  readonly tombstone: boolean
  /** CRC-32 of the value. */
  readonly checksum: number
  /** When it was put, by the coordinator's wall clock: for people to read. */
  readonly at: WallTime
  /** Its coordinator. */
  readonly via: NodeId
  readonly value: Uint8Array
}

/** What tells versions apart. */
export type Identity = Pick<Version, 'dot' | 'checksum' | 'tombstone'>

/** Every live version under one vector; versions sorted by dot, then by what they hold. */
export type Siblings = {
  readonly vector: VersionVector
  readonly versions: readonly Version[]
  /** The 8 highest operations applied, live or not, descending. */
  readonly ops: readonly OpId[]
  readonly pins: Pins
}

/** What a reader was shown; a context carries it. A put's reply adds a ninth id, its own. */
export type Seen = {
  readonly vector: VersionVector
  readonly ops: readonly OpId[]
  readonly pins: Pins
}

type Ids = Pick<Seen, 'ops' | 'pins'>

export const opsKept = 8
export const noSiblings: Siblings = { vector: [], versions: [], ops: [], pins: noPins }
export const nothingSeen: Seen = { vector: [], ops: [], pins: noPins }

/** The context of everything shown. Its ops are shown or superseded, every one. */
export function seenOf({ vector, ops, pins }: Siblings): Seen {
  return { vector, ops, pins }
}

/**
 * The context of a put's reply: what it saw and itself, nothing else. A vector says that only
 * where the put's dot is the next one of its actor; else its operation id alone says it, and
 * siblings that the writer was not shown stay uncovered. Its own id stands beside the 8 that it
 * saw, however low: without it the writer's next put would not supersede this, and in the place
 * of one of them it would make that one look unknown. A put that was `pinned` stays so.
 */
export function seenAfterPut(seen: Seen, version: Version, pinned: boolean): Seen {
  const { actor, counter } = version.dot
  const { op } = version
  const next = counterOf(seen.vector, actor) + 1 >= counter
  const shown = seen.ops.filter(one => one !== op).slice(0, opsKept - (mutant(631) ? 1 : 0))
  return {
    vector: next ? includeDot(seen.vector, version.dot) : seen.vector,
    ops: [...shown.filter(one => one > op), op, ...shown.filter(one => one < op)],
    pins: pinned ? mergePins(seen.pins, [op]) : seen.pins,
  }
}

/**
 * The base without what the writer had seen, and the new version. The base is all that the
 * coordinator holds of the key; the version's dot is not covered by base or context.
 */
export function putVersion(base: Siblings, seen: Seen, version: Version): Siblings {
  const vector = mutant(7) ? base.vector : seen.vector
  const rest = mergeSiblings(base, { ...seen, vector, versions: [] })
  assert(!covers(rest.vector, version.dot) || mutant(3), 'a new dot is not covered')
  return {
    vector: includeDot(rest.vector, version.dot),
    versions: union([version], rest.versions),
    ops: mergeOps(rest.ops, [version.op]),
    pins: rest.pins,
  }
}

/** With the operation pinned; the same one where it is, or where no more are taken. */
export function pinned(siblings: Siblings, op: OpId): Siblings {
  if (arePinsFull(siblings.pins) || mutant(634)) return siblings
  const pins = mergePins(siblings.pins, [op])
  return pins === siblings.pins ? siblings : { ...siblings, pins }
}

/** What both know together; `a` itself where b adds nothing. In any order, any number of times. */
export function mergeSiblings(a: Siblings, b: Siblings): Siblings {
  if (a === b) return a
  const vector = mergeVectors(a.vector, b.vector)
  const ops = mergeOps(a.ops, b.ops)
  const pins = mergePins(a.pins, b.pins)
  const versions = mergeVersions(a, b)
  if (vector === a.vector && ops === a.ops && pins === a.pins && versions === a.versions) return a
  return { vector, versions, ops, pins }
}

/**
 * Was this operation applied here? Its live version, or `superseded` where an id tells of it
 * and no live version is its; undefined where nothing is known of it.
 */
export function appliedOp(siblings: Siblings, op: OpId): Version | 'superseded' | undefined {
  const live = siblings.versions.find(version => version.op === op)
  return live ?? (knowsOp(siblings, op) && !mutant(12) ? 'superseded' : undefined)
}

/** Is the operation among the highest, or pinned? */
export function knowsOp({ ops, pins }: Ids, op: OpId): boolean {
  return ops.includes(op) || isPinned(pins, op)
}

/** The ids that either knows, as a record would keep them. */
export function mergeIds(a: Ids, b: Ids): Ids {
  return { ops: mergeOps(a.ops, b.ops), pins: mergePins(a.pins, b.pins) }
}

/** Is the list full and the operation older than all of it? Then we cannot know. */
export function opBelowFullList({ ops }: Pick<Ids, 'ops'>, op: OpId): boolean {
  const lowest = ops[opsKept - 1]
  return lowest !== undefined && op < lowest
}

/** Of the values of all live versions. */
export function valueBytes({ versions }: Pick<Siblings, 'versions'>): number {
  let bytes = 0
  for (const { value } of versions) bytes += value.length
  return bytes
}

/** Sorts versions: by dot, then what they hold; the rest only makes the order total. */
export function compareVersions(a: Version, b: Version): number {
  return compareIdentities(a, b) || compareOrigins(a, b)
}

/** Same dot and same content: the same version, whatever else differs. */
export function compareIdentities(a: Identity, b: Identity): number {
  return (
    compareDots(a.dot, b.dot) ||
    a.checksum - b.checksum ||
    Number(a.tombstone) - Number(b.tombstone)
  )
}

function compareOrigins(a: Version, b: Version): number {
  return compareBinary(a.op, b.op) || a.at - b.at || compareBinary(a.via, b.via)
}

/** The highest of both lists, descending; the first one itself where nothing is new. */
function mergeOps(a: readonly OpId[], b: readonly OpId[]): readonly OpId[] {
  const lowest = a[opsKept - 1]
  if (b.every(op => (lowest !== undefined && op < lowest) || a.includes(op))) return a
  const merged: OpId[] = []
  let i = 0
  let j = 0
  while (merged.length < opsKept && (i < a.length || j < b.length)) {
    const x = a[i]
    const y = b[j]
    const takesX = y === undefined || (x !== undefined && x >= y)
    merged.push((takesX ? x : y) as OpId)
    if (takesX) i++
    if (!takesX || x === y) j++
  }
  return merged
}

function mergeVersions(a: Siblings, b: Siblings): readonly Version[] {
  const ours = a.versions.filter(version => survives(impliedBy(a, version), b))
  const theirs = b.versions.filter(version => survives(impliedBy(b, version), a))
  const merged = mutant(6) ? newest(union(ours, theirs)) : withoutTwins(union(ours, theirs))
  const same =
    merged.length === a.versions.length && merged.every((version, i) => version === a.versions[i])
  return same ? a.versions : merged
}

/**
 * Does the version outlive the merge with the other side? An equal dot with other content is
 * kept beside it (a dot issued twice, protocols 2). What the other side has seen and does not
 * hold was superseded there, be it seen by its dot or by its operation.
 */
function survives(version: Version, other: Siblings): boolean {
  if (other.versions.some(held => compareDots(held.dot, version.dot) === 0)) return true
  if (covers(other.vector, version.dot)) return false
  if (!knowsOp(other, version.op) || mutant(11) || mutant(12)) return true
  if (other.versions.some(held => held.op === version.op)) return true
  sometimes('a version is superseded by its operation id alone')
  return false
}

/** Known-bad 36: a dot that is not written out but counted back from its actor's vector entry. */
function impliedBy({ vector, versions }: Siblings, version: Version): Version {
  if (!mutant(36)) return version
  const { actor } = version.dot
  const newer = versions.filter(
    ({ dot }) => dot.actor === actor && dot.counter > version.dot.counter,
  )
  return { ...version, dot: { actor, counter: counterOf(vector, actor) - newer.length } }
}

/** Known-bad 6: the newest wall clock wins. */
function newest(versions: readonly Version[]): readonly Version[] {
  const at = Math.max(...versions.map(version => version.at))
  return versions.filter(version => version.at === at).slice(0, 1)
}

/** Sorted, each version once; where only the origins differ, the lower one. */
function union(a: readonly Version[], b: readonly Version[]): readonly Version[] {
  if (b.length === 0) return a
  if (a.length === 0) return b
  const sorted = [...a, ...b].sort(compareVersions)
  return sorted.filter(
    (version, i) => i === 0 || compareIdentities(sorted[i - 1] as Version, version) !== 0,
  )
}

/** One operation live under two dots (a retry through another node) keeps the smallest dot. */
function withoutTwins(versions: readonly Version[]): readonly Version[] {
  if (versions.length < 2 || mutant(11)) return versions
  const smallest = new Map<OpId, Dot>()
  return versions.filter(version => {
    const dot = smallest.get(version.op)
    if (dot === undefined) smallest.set(version.op, version.dot)
    else sometimes('two dots of one operation meet')
    return dot === undefined || compareDots(dot, version.dot) === 0
  })
}
