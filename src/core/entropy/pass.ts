/**
 * One comparison with one member, from the roots to the last object (Dynamo §4.7, design §6.3):
 * what to ask next, and what to make of the answers. Objects go both ways, exactly those that
 * differ, and are merged into what is held by then.
 */
import { mutant } from '#mutants'
import { carriedBytes, type TooLarge } from '../carrier.ts'
import type { Instant, RequestId, Token, WallTime } from '../ids.ts'
import type { HandedCopy } from '../message.ts'
import { damaged } from '../object-rows.ts'
import { keyOfRow } from '../row-key.ts'
import { AsOf, type Item } from './as-of.ts'
import { chosenOf } from './chosen.ts'
import { lowBits } from './clocks.ts'
import { type Dirty, decodeEntries, saltOf } from './comparison.ts'
import { Descent, type Difference } from './descent.ts'
import type { Compared, Differing, HeldKey, PassQuestion } from './exchange-message.ts'
import { encodeKnown } from './known.ts'
import { placeOf, prefixOf } from './node.ts'
import { encodeNodes, encodeWanted, type Wanted } from './node-list.ts'
import type { PassPlan, PassWatch } from './pass-plan.ts'
import type { ExchangeParts } from './responder.ts'
import type { Scope } from './scope.ts'
import type { Shared } from './shared.ts'
import type { SketchSize } from './sketching.ts'
import { binaryOfSum, shortOf } from './sum.ts'
import { readCopy, take } from './taken.ts'

type Held = HeldKey & { readonly copy: HandedCopy; readonly of: Difference }
type Asked =
  | { readonly type: 'compare'; readonly level: number; readonly nodes: readonly Dirty[] }
  | {
      readonly type: 'sketch'
      readonly level: number
      readonly nodes: readonly Dirty[]
      readonly size: SketchSize
    }
  | {
      readonly type: 'differ'
      readonly level: number
      readonly held: readonly Held[]
      readonly wanted: readonly Wanted[]
    }

export class Pass {
  readonly #parts: ExchangeParts
  readonly #shared: Shared
  readonly #scope: Scope | undefined
  readonly #moves: boolean
  readonly #watch: PassWatch | undefined
  readonly #stamp: WallTime
  readonly #began: Instant
  readonly #descent: Descent
  #differences: Difference[] = []
  #asked: Asked | undefined
  #equal = false
  /** Objects to be sent to the other side: it asked for them. */
  #owed: HandedCopy[] = []
  readonly #moved = new Map<number, number>()
  /** Keys that differ, and of which one side has more than can be sent. */
  readonly #tooLarge = new Set<string>()
  #repaired = 0
  #refused = 0
  #taken = 0

  constructor(parts: ExchangeParts, plan: PassPlan, began: Instant) {
    const { shared, wall, from, waited, scope } = plan
    this.#parts = parts
    this.#shared = shared
    this.#scope = scope
    this.#moves = plan.moves ?? true
    this.#watch = plan.watch
    this.#began = began
    this.#stamp = Math.max(0, wall - parts.timing.cutAgeMs)
    const { carrier, placement } = parts
    const apart = carrier.left.map(({ key }) => placeOf(placement.tokenOf(key)))
    this.#descent = new Descent(shared, { salt: this.#salt, from, waited, scope, apart })
  }

  /** As of when it compares. */
  get stamp(): WallTime {
    return this.#stamp
  }

  /** Partitions that were not equal. */
  get unequal(): ReadonlySet<number> {
    return this.#descent.unequal
  }

  /** Objects that came, and that went. */
  get repaired(): number {
    return this.#repaired
  }

  /** Those that came. */
  get taken(): number {
    return this.#taken
  }

  /** More copies were refused than taken, by either side: a disk is full, or they are too old. */
  get refused(): boolean {
    return this.#refused > this.#repaired
  }

  /** So many more were refused than taken that the rest is better left for later. */
  get isInVain(): boolean {
    return this.#refused - this.#repaired >= inVainMin
  }

  /** It found only what cannot be sent, or mostly what is not taken: the next one will too. */
  get stuck(): boolean {
    return this.refused || (this.#tooLarge.size > 0 && this.#repaired === 0)
  }

  /** Those that moved, by partition. */
  get moved(): ReadonlyMap<number, number> {
    return this.#moved
  }

  /** The roots were equal. */
  get equal(): boolean {
    return this.#equal
  }

  /** Nodes that the next pass must not wait for again. */
  get waiting(): ReadonlySet<string> {
    return this.#descent.waiting
  }

  /** Where the next pass goes on if this one is given up. */
  get place(): number {
    return this.#descent.place
  }

  /** What to ask next, about so many objects at once; undefined: it is over, but for `owed`. */
  next(id: RequestId, epoch: number, size: number, now: Instant): PassQuestion | undefined {
    const age = Math.floor(this.#age(now))
    const asked = { id, epoch, cut: lowBits(this.#stamp), age }
    while (this.#descent.ownNext && this.#differences.length < size) {
      this.#differences.push(...this.#descent.takeOwn(this.#asOf(now), now))
    }
    if (this.#differences.length >= size) return this.#differ(asked, size)
    const next = this.#descent.next()
    if (next === undefined) {
      return this.#differences.length > 0 ? this.#differ(asked, size) : undefined
    }
    const { level, nodes, sketch } = next
    const prefixes = encodeNodes(nodes.map(({ prefix }) => prefix))
    if (sketch !== undefined) {
      this.#asked = { type: 'sketch', level, nodes, size: sketch }
      return { type: 'sketch', ...asked, level, nodes: prefixes, ...sketch }
    }
    this.#asked = { type: 'compare', level, nodes }
    if (level > 0) {
      return { type: 'compare', ...asked, level, sum: '', nodes: prefixes }
    }
    const sum = binaryOfSum(this.#asOf(now).sums(0, [0]))
    return { type: 'compare', ...asked, level, sum, nodes: new Uint8Array(0) }
  }

  /** The other side told sums; false where it cannot be understood. */
  compared({ entries }: Compared, now: Instant): boolean {
    const asked = this.#asked
    if (asked?.type === 'sketch') {
      return this.#descent.takeSketches(
        this.#asOf(now),
        asked.level,
        asked.nodes,
        asked.size,
        entries,
      )
    }
    if (asked?.type !== 'compare') return false
    if (entries.length === 0 && asked.level === 0) {
      this.#equal = true
      return true
    }
    const told = decodeEntries(entries, this.#shared, asked.level, asked.nodes)
    if (told === undefined) return false
    this.#differences.push(...this.#descent.take(this.#asOf(now), asked.level, told, now))
    return true
  }

  /** The other side sent what it has, and said what it wants. */
  differing(answer: Differing): boolean {
    const asked = this.#asked
    if (asked?.type !== 'differ') return false
    const { level, held, wanted } = asked
    const got = answer.copies.map(copy => this.#merge(copy))
    for (const one of answer.tooLarge) this.#leave(one)
    for (const position of answer.wants) {
      const copy = held[position]?.copy
      if (copy === undefined) continue
      const { key, object } = copy
      if (!this.#parts.carrier.carries(object)) this.#leave({ key, bytes: object.length })
      else if (this.#moves) this.#owed.push(copy)
      else this.#watch?.given(copy)
    }
    // What did not fit into the answer is asked for again, without what came.
    if (answer.heldDone + answer.nodesDone === 0 && got.length === 0) return false
    const own = held.slice(answer.heldDone).map(({ of }): Difference => ({ ...of, theirs: [] }))
    const left = wanted.slice(answer.nodesDone).flatMap(({ prefix, shorts }): Difference[] => {
      const theirs = shorts.filter(short => !got.includes(short))
      return theirs.length === 0 ? [] : [{ level, prefix, own: [], theirs }]
    })
    this.#differences.unshift(...own, ...left)
    return true
  }

  /** Objects that the other side asked for, up to some bytes. */
  owed(count: number, bytesMax: number): readonly HandedCopy[] {
    let bytes = 0
    let end = 0
    while (end < Math.min(count, this.#owed.length) && bytes < bytesMax) {
      const copy = this.#owed[end] as HandedCopy
      if (!this.#parts.carrier.fits(bytes, copy)) break
      bytes += carriedBytes(copy)
      end++
    }
    const some = this.#owed.splice(0, end)
    for (const { object } of some) this.#watch?.carried(object.length)
    return some
  }

  /** They were sent, and the other side has all of them but those at the positions `left`. */
  handed(copies: readonly HandedCopy[], left: readonly number[]): void {
    const refused = new Set(left)
    for (const [i, copy] of copies.entries()) {
      if (refused.has(i)) this.#refuse(copy)
      else {
        this.#count(copy.token)
        this.#watch?.given(copy)
      }
    }
  }

  get #salt(): number {
    return saltOf(lowBits(this.#stamp))
  }

  #age(now: Instant): number {
    return this.#parts.timing.cutAgeMs + now - this.#began
  }

  #asOf(now: Instant): AsOf {
    const cut = { stamp: this.#stamp, ageMs: this.#age(now) }
    return new AsOf(this.#parts.tree, this.#shared, cut, now)
  }

  /** Some differences of one level as a question. */
  #differ(
    asked: { id: RequestId; epoch: number; cut: number; age: number },
    size: number,
  ): PassQuestion {
    const max = { objects: size, bytes: this.#parts.carrier.batchBytesMax }
    const { level, held, wanted, left } = chosenOf(this.#differences, max, (item, of) =>
      this.#held(item, of),
    )
    this.#differences = [...left]
    this.#asked = { type: 'differ', level, held, wanted }
    const keys = held.map(({ key, known }) => ({ key, known }))
    return { type: 'differ', ...asked, level, held: keys, wanted: encodeWanted(wanted) }
  }

  /** What this node holds of an object now; a damaged one it has to get back. */
  #held(item: Item, of: Difference): readonly Held[] {
    const { token, key } = keyOfRow(item.row)
    const record = this.#parts.objects.durable(token, key)
    if (record === undefined || record === damaged) return []
    const { object, generation, time, siblings } = record
    const copy = { key, token, object, generation, time }
    return [{ key, known: encodeKnown(siblings), copy, of: { ...of, own: [item] } }]
  }

  /** Merges a copy into what is held now; returns the short digest that it was listed by. */
  #merge(copy: HandedCopy): number {
    const { key, token } = copy
    const siblings = readCopy(this.#parts, copy, held => this.#shared.holds(held))
    if (siblings === undefined) return -1
    const short = shortOf(this.#parts.objects.digestOf(key, siblings), this.#salt)
    // It was listed beside what is wanted: nobody asked for it.
    if (this.#scope?.holds(token) === false) return short
    this.#descent.differs(token)
    this.#watch?.carried(copy.object.length)
    if (this.#moves) {
      if (!take(this.#parts, copy, siblings)) {
        this.#refuse(copy)
        return short
      }
      this.#taken++
      this.#count(token)
    }
    this.#watch?.taken(copy, siblings)
    return short
  }

  /** It stays as it is on both sides: named, and never taken for equal. */
  #leave(one: TooLarge): void {
    const token = this.#parts.placement.tokenOf(one.key)
    if (!this.#shared.holds(token) || this.#scope?.holds(token) === false) return
    this.#tooLarge.add(one.key)
    this.#parts.carrier.leave(one)
    this.#descent.differs(token, mutant(671))
    this.#watch?.tooLarge(one)
  }

  /** It stays as it is on both sides, until whoever lacks it takes it. */
  #refuse(copy: HandedCopy): void {
    this.#refused++
    this.#descent.differs(copy.token)
    this.#watch?.refused(copy)
  }

  /** One more object moved. */
  #count(token: Token): void {
    const partition = prefixOf(placeOf(token), this.#shared.bits)
    this.#moved.set(partition, (this.#moved.get(partition) ?? 0) + 1)
    this.#repaired++
  }
}

/** Offers that are refused before a pass leaves the rest: a disk is full for a while. */
const inVainMin = 256
