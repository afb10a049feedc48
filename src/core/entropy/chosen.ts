/**
 * Differences as a question: as many of one level as it may name, in objects and in bytes. The
 * objects of one node may be told in several questions; what is wanted of it stays together.
 */
import type { Item } from './as-of.ts'
import type { Difference } from './descent.ts'
import type { HeldKey } from './exchange-message.ts'
import type { Wanted } from './node-list.ts'

export type Chosen<Held> = {
  readonly level: number
  readonly held: readonly Held[]
  readonly wanted: readonly Wanted[]
  /** For later questions. */
  readonly left: readonly Difference[]
}

type Held = HeldKey & { readonly of: Difference }

/** `heldOf`: what is held of an item now, if anything is. */
export function chosenOf<H extends Held>(
  all: readonly Difference[],
  max: { readonly objects: number; readonly bytes: number },
  heldOf: (item: Item, of: Difference) => readonly H[],
): Chosen<H> {
  const level = all[0]?.level ?? 0
  const held: H[] = []
  const wanted: Wanted[] = []
  const left: Difference[] = []
  let [objects, bytes, full] = [0, 0, false]
  const fits = (more: number) => {
    full ||= bytes > 0 && bytes + more > max.bytes
    if (!full) bytes += more
    return !full
  }
  for (const difference of all) {
    const { prefix, own, theirs } = difference
    const isNext = difference.level === level && objects < max.objects
    if (full || !isNext || !fits(nodeBytes + shortBytes * theirs.length)) {
      left.push(difference)
      continue
    }
    if (theirs.length > 0) wanted.push({ prefix, shorts: theirs })
    objects += own.length + theirs.length
    const told = own.findIndex(item => {
      const some = heldOf(item, difference)
      if (!fits(bytesOf(some))) return true
      held.push(...some)
      return false
    })
    if (told >= 0) left.push({ ...difference, own: own.slice(told), theirs: [] })
  }
  wanted.sort((a, b) => a.prefix - b.prefix)
  held.sort((a, b) => a.of.prefix - b.of.prefix)
  return { level, held, wanted, left }
}

function bytesOf(held: readonly HeldKey[]): number {
  return held.reduce((sum, { key, known }) => sum + key.length + known.length + keyBytes, 0)
}

/** Lengths in front of a key and of what is known of it, and its place among those wanted. */
const keyBytes = 16
const nodeBytes = 12
const shortBytes = 4
