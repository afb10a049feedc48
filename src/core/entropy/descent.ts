/**
 * The way down from a sum that differs to the objects that do, in batches of nodes of one level
 * and depth first, so that what waits is bounded and repair begins early. Nothing of it is kept:
 * what was repaired is equal the next time.
 */
import { sometimes } from '#mutants'
import type { Instant, Token } from '../ids.ts'
import { keyOfRow } from '../row-key.ts'
import type { AsOf, Item } from './as-of.ts'
import type { Dirty, Entry } from './comparison.ts'
import { levelMax, placeOf, prefixOf } from './node.ts'
import { nodesMax } from './node-list.ts'
import type { Scope } from './scope.ts'
import type { Shared } from './shared.ts'
import { cellBytes } from './sketch.ts'
import {
  estimateOf,
  leavesIn,
  planFor,
  type SketchSize,
  sampleMax,
  sketchedMax,
  wideLevel,
  wideMin,
} from './sketching.ts'
import { countAt, shortAt, shortOf, sumWords } from './sum.ts'

/** Nodes of one level, ascending; `empty`: the other side has nothing there. */
type Batch = {
  readonly level: number
  readonly nodes: readonly Dirty[]
  readonly empty: boolean
  /** Their leaves are asked for, by sketches of this size. */
  readonly sketch?: SketchSize | undefined
}

/** A node's objects that only we hold, and short digests of those that only they hold. */
export type Difference = {
  readonly level: number
  readonly prefix: number
  readonly own: readonly Item[]
  readonly theirs: readonly number[]
}

export type DescentPlan = {
  readonly salt: number
  readonly from: number
  readonly waited: ReadonlySet<string>
  readonly scope?: Scope | undefined
  readonly apart?: readonly number[]
}

export class Descent {
  readonly #shared: Shared
  /** Nothing else is looked at. */
  readonly #scope: Scope | undefined
  readonly #salt: number
  /** The last one is next. */
  readonly #batches: Batch[] = []
  /** Nodes at the wide level that differ: how many leaves do is not known yet. */
  #sampled: { readonly of: readonly Dirty[]; readonly some: readonly Dirty[] } | undefined
  /** The same, while their leaves are sketched. */
  #wide: readonly Dirty[] = []
  /** Where the last comparison was given up: it is the others' turn. */
  readonly #from: number
  /** Nodes that differed in what was changed lately: they wait once, not twice (design §6.3). */
  readonly #waited: ReadonlySet<string>
  readonly waiting = new Set<string>()
  readonly #unequal = new Set<number>()
  /** Places of keys that are known to be too large to be sent: they differ every time. */
  readonly #apart: readonly number[]

  constructor(shared: Shared, plan: DescentPlan) {
    this.#shared = shared
    this.#scope = plan.scope
    this.#salt = plan.salt
    this.#from = plan.from
    this.#waited = plan.waited
    this.#apart = plan.apart ?? []
    this.#push(0, [{ prefix: 0, short: undefined }], false)
  }

  /** Partitions in which something differs, as far as is known. */
  get unequal(): ReadonlySet<number> {
    return this.#unequal
  }

  /** The place that is next. */
  get place(): number {
    const batch = this.#batches.at(-1)
    const first = batch?.nodes[0]
    return batch === undefined || first === undefined
      ? 0
      : first.prefix * 2 ** (levelMax - batch.level)
  }

  /** The next nodes to ask for; undefined: there are none. */
  next(): Omit<Batch, 'empty'> | undefined {
    const batch = this.#batches.at(-1)
    if (batch === undefined || batch.empty) return undefined
    return this.#take(batch.sketch === undefined ? nodesMax : sketchedMax)
  }

  /** Is there something that only we hold, so that nobody has to be asked? */
  get ownNext(): boolean {
    return this.#batches.at(-1)?.empty === true
  }

  /** Some of what only we hold. */
  takeOwn(asOf: AsOf, now: Instant): readonly Difference[] {
    const batch = this.#take(ownAtOnce)
    if (batch === undefined) return []
    return batch.nodes.flatMap(({ prefix }) => this.#list(asOf, batch.level, prefix, [], now))
  }

  /** What the other side told of the nodes that `next` gave: the differences among them. */
  take(asOf: AsOf, level: number, entries: readonly Entry[], now: Instant): readonly Difference[] {
    if (level === wideLevel && this.#sketchesAfter(asOf, entries)) return []
    for (const step of [4, 2]) {
      const children = entries.flatMap(entry =>
        entry.type === 'children' && entry.step === step ? entry.children : [],
      )
      const dirty = this.#dirty(asOf, level + step, children)
      if (level + step === wideLevel && this.#goesWide(asOf, dirty, children.length)) continue
      this.#push(level + step, dirty, false)
    }
    return entries.flatMap(entry =>
      entry.type === 'list' ? this.#list(asOf, level, entry.prefix, entry.shorts, now) : [],
    )
  }

  /** An object that differs is in its partition. */
  differs(token: Token, forgets = false): void {
    this.#differ(levelMax, placeOf(token))
    // Known-bad 671: what was passed over counts as equal.
    if (forgets) this.#unequal.delete(prefixOf(placeOf(token), this.#shared.bits))
  }

  /** Sketches of these nodes, or no bytes: then they are gone through. False: they are none. */
  takeSketches(
    asOf: AsOf,
    level: number,
    nodes: readonly Dirty[],
    size: SketchSize,
    bytes: Uint8Array,
  ): boolean {
    const each = size.cells * cellBytes
    if (bytes.length > 0 && bytes.length !== each * nodes.length) return false
    const leaves: Dirty[] = []
    const unsaid: Dirty[] = []
    for (const [i, { prefix }] of nodes.entries()) {
      const theirs = bytes.subarray(i * each, (i + 1) * each)
      const found =
        bytes.length > 0 ? leavesIn(asOf, level, prefix, size, this.#salt, theirs) : undefined
      const width = 2 ** (wideLevel - level)
      if (found !== undefined) leaves.push(...found)
      else unsaid.push(...this.#wide.filter(node => Math.floor(node.prefix / width) === prefix))
    }
    this.#push(wideLevel, unsaid, false)
    this.#push(size.leaves, leaves, false)
    return true
  }

  /** True where leaves will be asked for by sketches, perhaps after a look at a sample. */
  #goesWide(asOf: AsOf, dirty: readonly Dirty[], of: number): boolean {
    // A part of the ring is seldom wide, and a sketch knows no bounds.
    if (dirty.length < wideMin || this.#from > 0 || this.#scope !== undefined) return false
    const differing = estimateOf(dirty.length, of)
    if (differing !== undefined) return this.#sketches(asOf, dirty, differing)
    const every = Math.ceil(dirty.length / sampleMax)
    const some = dirty.filter((_, i) => i % every === 0)
    this.#sampled = { of: dirty, some }
    this.#push(wideLevel, some, false)
    return true
  }

  /** What a sample told: true where it leads to sketches, which tell the same again. */
  #sketchesAfter(asOf: AsOf, entries: readonly Entry[]): boolean {
    if (this.#sampled === undefined) return false
    const { of: nodes, some } = this.#sampled
    this.#sampled = undefined
    const children = entries.flatMap(entry => (entry.type === 'children' ? entry.children : []))
    const level = wideLevel + 4
    const isEven = children.length === entries.length * 2 ** 4
    const dirty = isEven ? this.#dirty(asOf, level, children) : children
    const differing = estimateOf(dirty.length, children.length)
    const all = differing === undefined ? undefined : (differing / entries.length) * nodes.length
    if (all !== undefined && this.#sketches(asOf, nodes, all)) return true
    this.#push(
      wideLevel,
      nodes.filter(node => !some.includes(node)),
      false,
    )
    return false
  }

  #sketches(asOf: AsOf, nodes: readonly Dirty[], differing: number): boolean {
    const leaves = asOf.leafLevel(0, 0)
    const plan = planFor(leaves, nodes.length, differing)
    if (plan === undefined) return false
    const { level, size } = plan
    const width = 2 ** (wideLevel - level)
    const prefixes = new Set(nodes.map(({ prefix }) => Math.floor(prefix / width)))
    const sketched = [...prefixes].map(prefix => ({ prefix, short: undefined }))
    this.#wide = nodes
    this.#batches.push({ level, nodes: sketched, empty: false, sketch: size })
    return true
  }

  #dirty(asOf: AsOf, level: number, nodes: readonly Dirty[]): readonly Dirty[] {
    const sums = asOf.sums(
      level,
      nodes.map(({ prefix }) => prefix),
    )
    return nodes.filter(({ short }, i) => short !== shortAt(sums, sumWords * i, this.#salt))
  }

  #list(
    asOf: AsOf,
    level: number,
    prefix: number,
    shorts: readonly number[],
    now: Instant,
  ): readonly Difference[] {
    const isMany = countAt(asOf.sums(level, [prefix]), 0) > ownMax && level + 4 <= levelMax
    if (isMany || this.#isApart(level, prefix)) {
      const all = this.#shared.children(level, prefix, 4)
      const sums = asOf.sums(level + 4, all)
      const empty = shorts.length === 0
      const children = all.filter((_, i) => !empty || countAt(sums, sumWords * i) > 0)
      const nodes = children.map(child => ({ prefix: child, short: undefined }))
      this.#push(level + 4, nodes, empty)
      return []
    }
    const theirs = [...shorts]
    const own = asOf.items(level, prefix, ownMax * 2).filter(({ row, digest }) => {
      const at = theirs.indexOf(shortOf(digest, this.#salt))
      if (at >= 0) theirs.splice(at, 1)
      return at < 0 && this.#scope?.holds(keyOfRow(row).token) !== false
    })
    if (own.length === 0 && theirs.length === 0) return []
    // Whether something of theirs is in scope shows once it is here.
    const isIn = own.length > 0 || (this.#scope?.encloses(level, prefix) ?? true)
    if (isIn) this.#differ(level, prefix)
    const name = `${level} ${prefix}`
    if (own.some(({ row }) => asOf.isRecent(row, now)) && !this.#waited.has(name)) {
      sometimes('a difference waits since its key was just written')
      this.waiting.add(name)
      return []
    }
    return [{ level, prefix, own, theirs }]
  }

  /**
   * Some of it always differs, and it is more than one partition: which of them is told only by
   * going deeper, for a digest names no key.
   */
  #isApart(level: number, prefix: number): boolean {
    return level < this.#shared.bits && this.#apart.some(place => prefixOf(place, level) === prefix)
  }

  /** A node in which something differs: so does its partition, or one of its partitions. */
  #differ(level: number, prefix: number): void {
    const { bits, has } = this.#shared
    const first = Math.floor(prefix * 2 ** (bits - level))
    const end = Math.max(first + 1, (prefix + 1) * 2 ** (bits - level))
    for (let partition = first; partition < end; partition++) {
      const isIn = this.#scope?.meets(bits, partition) ?? true
      if (has(partition) && isIn) this.#unequal.add(partition)
    }
  }

  /** Those behind the place where the last comparison ended come first. */
  #push(level: number, all: readonly Dirty[], empty: boolean): void {
    const nodes = all.filter(({ prefix }) => this.#scope?.meets(level, prefix) !== false)
    const width = 2 ** (levelMax - level)
    const isLater = ({ prefix }: Dirty) => (prefix + 1) * width <= this.#from
    for (const some of [nodes.filter(isLater), nodes.filter(node => !isLater(node))]) {
      if (some.length > 0) this.#batches.push({ level, nodes: some, empty })
    }
  }

  #take(max: number): Batch | undefined {
    const batch = this.#batches.pop()
    if (batch === undefined || batch.nodes.length <= max) return batch
    this.#batches.push({ ...batch, nodes: batch.nodes.slice(max) })
    return { ...batch, nodes: batch.nodes.slice(0, max) }
  }
}

/** As many of our own objects are looked at together. */
const ownMax = 64
const ownAtOnce = 16
