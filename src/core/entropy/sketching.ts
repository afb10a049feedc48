/**
 * Sketches of a tree's leaves (antientropy §3.5, step S): where hundreds of leaves differ, all
 * over, a way down through the levels above says the same of each again and again. A sketch of
 * each part of the tree names the leaves at once. How many differ is estimated first from
 * how many nodes of a higher level do (linear counting, Whang and others 1990).
 */
import type { AsOf } from './as-of.ts'
import type { Dirty } from './comparison.ts'
import { cellBytes, cellsFor, FIELD, Sketch } from './sketch.ts'
import { shortAt, sumWords } from './sum.ts'

/** Of the sums of a node's leaves at this level, in so many cells. */
export type SketchSize = { readonly leaves: number; readonly cells: number }

/** The way down stops here to look how wide it is: 256 nodes. */
export const wideLevel = 8
/** Fewer nodes of that level that differ are not wide. */
export const wideMin = 24
/** So many of them are looked into where nearly all differ. */
export const sampleMax = 32
/** Nodes that are sketched in one question: some 20 milliseconds of work for 65,536 leaves. */
export const sketchedMax = 1

/**
 * How many leaves differ below some nodes, of which so many differ, rather too many than too few:
 * a sketch that is too small says nothing. undefined: too many to say.
 */
export function estimateOf(dirty: number, nodes: number): number | undefined {
  if (dirty > nodes * 0.9) return undefined
  if (dirty === 0) return 0
  // -ln(1 - dirty / nodes), by its series: the same on every machine.
  const z = dirty / (2 * nodes - dirty)
  let sum = 0
  let power = z
  for (let n = 1; n < 60; n += 2) {
    sum += power / n
    power *= z * z
  }
  return 2 * nodes * sum * (1 + 1 / Math.sqrt(dirty))
}

export type SketchPlan = { readonly level: number; readonly size: SketchSize }

/**
 * How to sketch the leaves below these nodes of the wide level, of which about so many differ;
 * undefined where the way down costs less: in small trees, and where most leaves differ.
 */
export function planFor(leaves: number, wide: number, differing: number): SketchPlan | undefined {
  if (leaves < wideLevel + 4 || leaves > wideLevel + sketchBits) return undefined
  const level = Math.max(0, leaves - sketchBits)
  const sketches = Math.max(1, wide / 2 ** (wideLevel - level))
  const cells = cellsFor(differing / sketches)
  if (cells > cellsMax || sketches * cells * cellBytes > bytesDown(leaves, wide, differing)) {
    return undefined
  }
  return { level, size: { leaves, cells } }
}

/** About the bytes of the way from the wide level to the leaves. */
function bytesDown(leaves: number, wide: number, differing: number): number {
  let bytes = 0
  for (let level = wideLevel; level < leaves; level += 4) {
    const nodes = wide * 2 ** (level - wideLevel)
    const dirty = nodes * (1 - powerOf(1 - 1 / nodes, Math.round(differing)))
    bytes += dirty * (leaves - level > 2 ? bytesOfSixteen : bytesOfFour)
  }
  return bytes
}

/** By squaring. */
function powerOf(base: number, exponent: number): number {
  let power = 1
  let square = base
  for (let rest = exponent; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) power *= square
    square *= square
  }
  return power
}

/** The sketches of these nodes; no bytes where they cannot be had at a bearable cost. */
export function encodeSketches(
  asOf: AsOf,
  level: number,
  prefixes: readonly number[],
  size: SketchSize,
  salt: number,
): Uint8Array {
  const { leaves, cells } = size
  const fits = leaves - level <= sketchBits && cells <= cellsMax && prefixes.length <= sketchedMax
  const isAtHand = fits && prefixes.every(prefix => asOf.leafLevel(level, prefix) >= leaves)
  if (!isAtHand || leaves < level) return new Uint8Array(0)
  const bytes = new Uint8Array(prefixes.length * cells * cellBytes)
  for (const [i, prefix] of prefixes.entries()) {
    const { sketch } = sketchOf(asOf, level, prefix, size, salt)
    bytes.set(sketch.encode(), i * cells * cellBytes)
  }
  return bytes
}

/** The leaves below a node that differ from those of this sketch; undefined: it does not say. */
export function leavesIn(
  asOf: AsOf,
  level: number,
  prefix: number,
  size: SketchSize,
  salt: number,
  theirs: Uint8Array,
): readonly Dirty[] | undefined {
  const { sketch, shorts } = sketchOf(asOf, level, prefix, size, salt)
  const found = sketch.differences(theirs, shorts.length)
  if (found === undefined) return undefined
  return [...found]
    .sort((a, b) => a.index - b.index)
    .map(({ index, difference }) => ({
      prefix: prefix * shorts.length + index,
      short: ((shorts[index] as number) + difference) % FIELD,
    }))
}

function sketchOf(
  asOf: AsOf,
  level: number,
  prefix: number,
  { leaves, cells }: SketchSize,
  salt: number,
): { readonly sketch: Sketch; readonly shorts: readonly number[] } {
  const width = 2 ** (leaves - level)
  const prefixes = Array.from({ length: width }, (_, i) => prefix * width + i)
  const sums = asOf.sums(leaves, prefixes)
  const shorts = prefixes.map((_, i) => shortAt(sums, sumWords * i, salt))
  const sketch = new Sketch(cells, salt)
  for (const [i, short] of shorts.entries()) sketch.add(i, short)
  return { sketch, shorts }
}

/** A node of the tree that is sketched has at most so many leaves. */
const sketchBits = 16
const cellsMax = 16_384
/** A node by its prefix, and the sums of its children. */
const bytesOfSixteen = 63
const bytesOfFour = 15
