/**
 * The bytes of a comparison (antientropy §3.5), for each node that was asked for, in order:
 * few objects: their number, 0 to 249, and a short digest of 4 bytes each;
 * more: 254 or 255, and the short sums of its 4 or 16 children, but for the last, which follows
 * from the node's own. Children that the two members do not share are left out.
 */

import type { AsOf } from './as-of.ts'
import { ByteReader, ByteWriter } from './bytes.ts'
import { levelMax } from './node.ts'
import type { Shared } from './shared.ts'
import { countAt, shortAt, shortOf, sumWords } from './sum.ts'

/** A node that differs; `short`: the other side's sum of it, where that is known. */
export type Dirty = { readonly prefix: number; readonly short: number | undefined }

/** What the other side holds of a node: its objects, or the sums of the children. */
export type Entry =
  | { readonly type: 'list'; readonly prefix: number; readonly shorts: readonly number[] }
  | {
      readonly type: 'children'
      readonly prefix: number
      readonly step: number
      readonly children: readonly Dirty[]
    }

/** 32 bits of the cut pick what is compared. */
export function saltOf(cut: number): number {
  return (2 * cut + 1) >>> 0
}

/** What this node holds of these nodes of one level. */
export function encodeEntries(
  asOf: AsOf,
  shared: Shared,
  level: number,
  prefixes: readonly number[],
  salt: number,
): Uint8Array {
  const sums = asOf.sums(level, prefixes)
  const steps = prefixes.map((_, i) => stepOf(countAt(sums, sumWords * i), level))
  const next = new Map(
    [2, 4].map(step => [step, shortsOf(asOf, shared, level, prefixes, steps, step, salt)]),
  )
  const writer = new ByteWriter()
  for (const [i, prefix] of prefixes.entries()) {
    const step = steps[i] as number
    const shorts = next.get(step)?.get(prefix)
    if (shorts === undefined) {
      const items = asOf.items(level, prefix, listMax)
      writer.byte(items.length)
      for (const { digest } of items) writer.uint32(shortOf(digest, salt))
      continue
    }
    writer.byte(step === 2 ? FOUR : SIXTEEN)
    // The asker does not know the sum of the whole.
    const sent = level === 0 ? shorts.length : shorts.length - 1
    for (let child = 0; child < sent; child++) writer.uint32(shorts[child] as number)
  }
  return writer.take()
}

/** The entries for these nodes; undefined where the bytes are none. */
export function decodeEntries(
  bytes: Uint8Array,
  shared: Shared,
  level: number,
  nodes: readonly Dirty[],
): readonly Entry[] | undefined {
  const reader = new ByteReader(bytes)
  const entries: Entry[] = []
  for (const { prefix, short } of nodes) {
    if (reader.left === 0) return undefined
    const head = reader.byte()
    if (head < FOUR) {
      if (head > listMax || reader.left < 4 * head) return undefined
      const shorts = Array.from({ length: head }, () => reader.uint32())
      entries.push({ type: 'list', prefix, shorts })
      continue
    }
    const step = head === FOUR ? 2 : 4
    if (level + step > levelMax) return undefined
    const prefixes = shared.children(level, prefix, step)
    const sent = level === 0 ? prefixes.length : prefixes.length - 1
    if (reader.left < 4 * sent) return undefined
    let rest = short
    const children = prefixes.map((child, i): Dirty => {
      if (i >= sent) return { prefix: child, short: rest }
      const own = reader.uint32()
      if (rest !== undefined) rest = (rest - own) >>> 0
      return { prefix: child, short: own }
    })
    entries.push({ type: 'children', prefix, step, children })
  }
  return reader.left === 0 ? entries : undefined
}

/** 0: its objects are listed; else so many bits deeper. */
function stepOf(count: number, level: number): number {
  if (count <= listedMax || level + 2 > levelMax) return 0
  return count <= 4 * listedMax || level + 4 > levelMax ? 2 : 4
}

/** The children's short sums of those nodes that have children of this step. */
function shortsOf(
  asOf: AsOf,
  shared: Shared,
  level: number,
  prefixes: readonly number[],
  steps: readonly number[],
  step: number,
  salt: number,
): ReadonlyMap<number, readonly number[]> {
  const nodes = prefixes.filter((_, i) => steps[i] === step)
  const children = nodes.map(prefix => shared.children(level, prefix, step))
  const sums = asOf.sums(level + step, children.flat())
  const shorts = new Map<number, readonly number[]>()
  let at = 0
  for (const [i, prefix] of nodes.entries()) {
    const own = (children[i] as readonly number[]).map(() => shortAt(sums, sumWords * at++, salt))
    shorts.set(prefix, own)
  }
  return shorts
}

const FOUR = 254
const SIXTEEN = 255
/** Up to so many objects are listed: two leaves. */
const listedMax = 8
/** Never more, even where 48 bits do not tell objects apart. */
export const listMax = 249
