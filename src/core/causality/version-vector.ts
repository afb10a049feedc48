/**
 * Version vectors (Dynamo §4.4): which events a replica of a key has seen. An entry of n says
 * that every dot of that actor up to n is held or superseded, so an entry is raised only by
 * who has seen all of them (protocols 1).
 */
import { compareBinary } from '../binary.ts'
import type { Actor } from '../ids.ts'

/** One event: the `counter`-th put of `actor` (from 1, below 2^48). */
export type Dot = { readonly actor: Actor; readonly counter: number }

/** Actor to highest counter: sorted by actor, no actor twice, counters from 1. */
export type VersionVector = readonly Dot[]

export const counterMax = 2 ** 48 - 1

/** The highest counter of the actor that the vector has seen; 0 where it has seen none. */
export function counterOf(vector: VersionVector, actor: Actor): number {
  return vector[indexOf(vector, actor)]?.counter ?? 0
}

/** Has the vector seen this event? */
export function covers(vector: VersionVector, dot: Dot): boolean {
  return counterOf(vector, dot.actor) >= dot.counter
}

/** The vector with this event and all earlier ones of its actor; itself where nothing is new. */
export function includeDot(vector: VersionVector, dot: Dot): VersionVector {
  return covers(vector, dot) ? vector : mergeVectors(vector, [dot])
}

/** The least vector that has seen what either has; one of the two itself where that is enough. */
export function mergeVectors(a: VersionVector, b: VersionVector): VersionVector {
  if (descends(a, b)) return a
  if (descends(b, a)) return b
  const merged: Dot[] = []
  let i = 0
  let j = 0
  while (i < a.length || j < b.length) {
    const x = a[i]
    const y = b[j]
    const order = x === undefined ? 1 : y === undefined ? -1 : compareBinary(x.actor, y.actor)
    const higher = order < 0 ? x : order > 0 ? y : higherOf(x as Dot, y as Dot)
    merged.push(higher as Dot)
    if (order <= 0) i++
    if (order >= 0) j++
  }
  return merged
}

/** Has a seen everything that b has? True where they are equal. */
export function descends(a: VersionVector, b: VersionVector): boolean {
  if (a === b) return true
  if (b.length > a.length) return false
  let i = 0
  for (const dot of b) {
    while (i < a.length && (a[i] as Dot).actor < dot.actor) i++
    const seen = a[i]
    if (seen === undefined || seen.actor !== dot.actor || seen.counter < dot.counter) return false
  }
  return true
}

/** `before`: b has seen all of a and more. */
export function compareVectors(
  a: VersionVector,
  b: VersionVector,
): 'equal' | 'before' | 'after' | 'concurrent' {
  if (descends(a, b)) return descends(b, a) ? 'equal' : 'after'
  return descends(b, a) ? 'before' : 'concurrent'
}

/** A total order without meaning, the same on every node: by actor, then counter. */
export function compareDots(a: Dot, b: Dot): number {
  return compareBinary(a.actor, b.actor) || a.counter - b.counter
}

function higherOf(a: Dot, b: Dot): Dot {
  return a.counter >= b.counter ? a : b
}

/** Where the actor's entry is; -1 where it has none. */
function indexOf(vector: VersionVector, actor: Actor): number {
  let low = 0
  let high = vector.length - 1
  while (low <= high) {
    const middle = (low + high) >>> 1
    const found = (vector[middle] as Dot).actor
    if (found === actor) return middle
    if (found < actor) low = middle + 1
    else high = middle - 1
  }
  return -1
}
