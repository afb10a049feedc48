/**
 * Pins: ids of operations that may have two dots, kept beside the 8 highest. An id is pinned by
 * a second send, whether that makes a dot or finds the id known, and by a put that ended without
 * anybody knowing whether it took effect. A record forgets an id once 8 newer ones came; a pinned
 * one it does not, so that the other dot, which surfaces after any time, is still recognized.
 *
 * Whoever covers a dot of the operation holds the pin: it goes wherever the vector goes, and no
 * merge cuts the list. A round of the partition sheds it, once no older copy can be taken.
 */
import { mutant } from '#mutants'
import type { OpId } from '../ids.ts'

/** Descending, each once. */
export type Pins = readonly OpId[]

/** A coordinator pins no more of one key; merges may pass it. */
export const pinsMax = 255
export const noPins: Pins = []

/** What either has; the first one itself where the other adds nothing. */
export function mergePins(a: Pins, b: Pins): Pins {
  if (b.length === 0 || a === b) return a
  if (a.length === 0 && !mutant(621)) return b
  if (b.every(op => isPinned(a, op))) return a
  const merged: OpId[] = []
  let i = 0
  let j = 0
  while (i < a.length || j < b.length) {
    const [x, y] = [a[i], b[j]]
    const takesX = y === undefined || (x !== undefined && x >= y)
    merged.push((takesX ? x : y) as OpId)
    if (takesX) i++
    if (!takesX || x === y) j++
  }
  return mutant(621) ? merged.slice(0, 2) : merged
}

/** May a coordinator pin no more? Known-bad 636: at a quarter of it. */
export function arePinsFull({ length }: Pins): boolean {
  return length >= (mutant(636) ? 64 : pinsMax)
}

export function isPinned(pins: Pins, op: OpId): boolean {
  let low = 0
  let high = pins.length - 1
  while (low <= high) {
    const middle = (low + high) >>> 1
    const found = pins[middle] as OpId
    if (found === op) return true
    if (found > op) low = middle + 1
    else high = middle - 1
  }
  return false
}

/** Without these; the same list where it has none of them. */
export function withoutPins(pins: Pins, gone: (op: OpId) => boolean): Pins {
  return pins.some(gone) ? pins.filter(op => !gone(op)) : pins
}
