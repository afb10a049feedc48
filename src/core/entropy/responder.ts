/**
 * The side that is asked: it tells sums and lists, and trades objects, from what it durably
 * holds and keeps nothing of it, so that a crash of either side ends nothing but a question.
 */
import { mutant, sometimes } from '#mutants'
import type { Carrier } from '../carrier.ts'
import { carriedOf } from '../causality/record.ts'
import { type Hash, partitionOf } from '../hash.ts'
import type { Instant, NodeId, Partition, WallTime } from '../ids.ts'
import type { HandedCopy } from '../message.ts'
import { damaged } from '../object-rows.ts'
import type { Objects } from '../objects.ts'
import type { Placement } from '../placement.ts'
import type { Stored } from '../quorum/put-coordination.ts'
import type { Purpose } from '../room.ts'
import { keyOfRow, objectRowAt, partitionRange } from '../row-key.ts'
import type { RowKey, StoredRow } from '../step.ts'
import type { Wholeness } from '../wholeness/wholeness.ts'
import { AsOf } from './as-of.ts'
import { lowBits, nearest, shortEpoch } from './clocks.ts'
import { encodeEntries, listMax, saltOf } from './comparison.ts'
import type {
  AskSketch,
  Compare,
  Compared,
  Differ,
  Differing,
  ExchangeQuestion,
  ExchangeState,
  Fetch,
  Fetched,
  PassQuestion,
} from './exchange-message.ts'
import { decodeKnown, newsOf } from './known.ts'
import { Load } from './load.ts'
import { decodeNodes, decodeWanted, type Wanted } from './node-list.ts'
import { type Shared, sharedOf } from './shared.ts'
import { encodeSketches } from './sketching.ts'
import { binaryOfSum, shortOf } from './sum.ts'
import type { ExchangeTiming } from './timing.ts'
import type { Tree } from './tree.ts'

export type ExchangeParts = {
  readonly hash: Hash
  readonly placement: Placement
  readonly tree: Tree
  readonly objects: Objects<Stored>
  readonly timing: ExchangeTiming
  readonly wholeness: Wholeness
  readonly purpose?: Purpose
  readonly carrier: Carrier
}

/** `settled`: this process can say what it held a few seconds ago. */
export type Clocks = { readonly now: Instant; readonly wall: WallTime; readonly settled: boolean }

export class Responder {
  readonly #parts: ExchangeParts

  constructor(parts: ExchangeParts) {
    this.#parts = parts
  }

  compare(from: NodeId, asked: Compare, clocks: Clocks, foreground: number): Compared {
    const { id } = asked
    const state = this.#stateOf(from, asked, clocks)
    const wall = asked.level === 0 ? lowBits(clocks.wall) : undefined
    const told = { type: 'compared', id, state, foreground, wall } as const
    const prefixes = decodeNodes(asked.nodes, asked.level)
    if (!isAnswered(state) || prefixes === undefined) return { ...told, entries: noBytes }
    const { shared, asOf } = this.#asOf(from, asked, clocks)
    if (asked.level === 0 && binaryOfSum(asOf.sums(0, [0])) === asked.sum) {
      return { ...told, entries: noBytes }
    }
    const nodes = asked.level === 0 ? [0] : prefixes
    const entries = encodeEntries(asOf, shared, asked.level, nodes, saltOf(asked.cut))
    return { ...told, entries }
  }

  sketch(from: NodeId, asked: AskSketch, clocks: Clocks, foreground: number): Compared {
    const { id, level } = asked
    const state = this.#stateOf(from, asked, clocks)
    const told = { type: 'compared', id, state, foreground, wall: undefined } as const
    const prefixes = decodeNodes(asked.nodes, level)
    if (!isAnswered(state) || prefixes === undefined) return { ...told, entries: noBytes }
    const { asOf } = this.#asOf(from, asked, clocks)
    return { ...told, entries: encodeSketches(asOf, level, prefixes, asked, saltOf(asked.cut)) }
  }

  differ(from: NodeId, asked: Differ, clocks: Clocks, foreground: number): Differing {
    const { id, level, held } = asked
    const state = this.#stateOf(from, asked, clocks)
    const wanted = decodeWanted(asked.wanted, level)
    if (!isAnswered(state) || wanted === undefined) {
      const nothing = { copies: [], wants: [], heldDone: 0, nodesDone: 0, tooLarge: [] }
      return { type: 'differing', id, state, foreground, ...nothing }
    }
    const { shared, asOf } = this.#asOf(from, asked, clocks)
    const load = new Load(this.#parts.carrier, answerBytesMax)
    const wants: number[] = []
    let heldDone = 0
    for (const { key, known } of held) {
      if (load.full) break
      const news = this.#newsOf(shared, key, known)
      if (news.copy !== undefined && !load.add(news.copy)) break
      if (news.theirs) wants.push(heldDone)
      heldDone++
    }
    const names = new Set<string>(held.map(({ key }) => key))
    let nodesDone = 0
    for (const node of wanted) {
      if (load.full) break
      const copies = this.#wantedOf(asOf, asked, node, names)
      // Where it is full, some of this node may be left out: the asker knows what it got.
      if (!load.addAll(copies)) break
      nodesDone++
    }
    const { copies, tooLarge } = load
    const done = { heldDone, nodesDone, tooLarge }
    return { type: 'differing', id, state, foreground, copies, wants, ...done }
  }

  /** All that is held of some partitions, read here and now, behind where the asker is. */
  fetch(from: NodeId, asked: Fetch, foreground: number): Fetched {
    const { id, partitions } = asked
    const { placement } = this.#parts
    const settled = { now: 0 as Instant, wall: 0, settled: true }
    const state = this.#stateOf(from, asked, settled)
    const told = { type: 'fetched', id, state, foreground } as const
    const shared = sharedOf(placement.ring, placement.self, from)
    if (!isAnswered(state) || !partitions.every(shared.has)) {
      const why = isAnswered(state) ? 'stale-view' : state
      return { ...told, state: why, copies: [], done: 0, after: '', tooLarge: [] }
    }
    const load = new Load(this.#parts.carrier, Math.min(asked.bytes, answerBytesMax))
    const { copies, tooLarge } = load
    for (const [done, partition] of partitions.entries()) {
      const range = partitionRange(partition as Partition, placement.settings.partitions)
      let row = done === 0 && asked.after !== '' ? objectRowAt(asked.after) : range.from
      for (const { key: place, value } of this.#rows(row, range.to)) {
        const copy = load.full ? undefined : this.#carried(place, value)
        if (load.full || (copy !== undefined && !load.add(copy))) {
          return { ...told, copies, done, after: row.slice(1), tooLarge }
        }
        if (copy === undefined) load.skip(value.length)
        row = place
      }
    }
    return { ...told, copies, done: partitions.length, after: '', tooLarge }
  }

  /** A row as it goes to another owner; undefined if it is damaged. */
  #carried(row: RowKey, value: Uint8Array): HandedCopy | undefined {
    const { hash, objects } = this.#parts
    const { token, key } = keyOfRow(row)
    const copy = carriedOf(hash, key, value)
    if (copy === undefined) return undefined
    const generation = mutant(601)
      ? copy.generation
      : objects.generations.ofRow(token, copy.generation)
    return { key, token, ...copy, generation }
  }

  /** Rows in order, few at a time where they are large. */
  *#rows(after: RowKey, to: RowKey): Generator<StoredRow> {
    const { counter } = this.#parts.tree
    let limit = fetchedRowsMin
    for (let row = after; ; ) {
      const rows = counter.page(row, to, limit)
      yield* rows
      const last = rows.at(-1)
      if (last === undefined || rows.length < limit) return
      row = last.key
      limit = last.value.length < smallRowBytes ? fetchedRowsMax : fetchedRowsMin
    }
  }

  /** Who has news of a key that both may hold. */
  #newsOf(shared: Shared, key: HandedCopy['key'], bytes: Uint8Array) {
    const { placement, objects } = this.#parts
    const token = placement.tokenOf(key)
    const known = decodeKnown(bytes)
    if (known === undefined || !shared.holds(token)) return { theirs: false, copy: undefined }
    const record = objects.durable(token, key)
    if (record === undefined || record === damaged) return { theirs: true, copy: undefined }
    const news = newsOf(known, record.siblings)
    if (news.theirs && news.ours) sometimes('both sides of an exchange have news of a key')
    const { object, generation, time } = record
    return {
      theirs: news.theirs,
      copy: news.ours ? { key, token, object, generation, time } : undefined,
    }
  }

  /** The objects of a node that the asker lacks, as they are now. */
  *#wantedOf(
    asOf: AsOf,
    { level, cut }: Differ,
    { prefix, shorts }: Wanted,
    held: ReadonlySet<string>,
  ): Generator<HandedCopy> {
    const salt = saltOf(cut)
    for (const { row, digest } of asOf.items(level, prefix, listMax)) {
      const { token, key } = keyOfRow(row)
      if (!shorts.includes(shortOf(digest, salt)) || held.has(key)) continue
      const record = this.#parts.objects.durable(token, key)
      if (record === undefined || record === damaged) continue
      const { object, generation, time } = record
      yield { key, token, object, generation, time }
    }
  }

  #asOf(from: NodeId, { cut, age }: PassQuestion, { now, wall }: Clocks) {
    const { placement, tree } = this.#parts
    const shared = sharedOf(placement.ring, placement.self, from)
    const asOf = new AsOf(tree, shared, { stamp: nearest(wall, cut), ageMs: age }, now)
    return { shared, asOf }
  }

  #stateOf(from: NodeId, { epoch }: ExchangeQuestion, { settled }: Clocks): ExchangeState {
    const { placement, tree, wholeness } = this.#parts
    if (epoch !== shortEpoch(placement.epoch)) return 'stale-view'
    if (!settled || !tree.ready) {
      sometimes('a node is not ready for an exchange')
      return 'not-ready'
    }
    // Both would move the same objects.
    if (from < placement.self && wholeness.needs(from, this.#apart())) return 'refilling'
    return wholeness.isWholeWith(from) ? 'ok' : 'not-whole'
  }

  /** Partitions with a key that cannot be sent: whoever waited until they are whole would for ever. */
  #apart(): ReadonlySet<number> {
    const { carrier, placement } = this.#parts
    const { partitions } = placement.settings
    return new Set(carrier.left.map(({ key }) => partitionOf(placement.tokenOf(key), partitions)))
  }
}

/** Is there an answer with that state? */
export function isAnswered(state: ExchangeState): boolean {
  return state === 'ok' || state === 'not-whole'
}

const noBytes = new Uint8Array(0)
/** Objects in one answer, the last one aside. */
const answerBytesMax = 1024 * 1024
/** Rows that are read together. */
const fetchedRowsMin = 8
const fetchedRowsMax = 256
const smallRowBytes = 4096
