/**
 * What a round of a partition is about: keys that may be cleaned, and pins that may be shed. A
 * key to be cleaned was not changed lately and is the same everywhere; of a key with pins neither
 * is asked, or one that is always written would keep them for ever. They are left until the key
 * is at rest all the same, for some time: every round makes it unknown to some that sent twice
 * meanwhile whether they took effect.
 */
import { mutant } from '#mutants'
import { pinsMax } from '../causality/pins.ts'
import type { Tree } from '../entropy/tree.ts'
import type { Instant, Partition } from '../ids.ts'
import { damaged } from '../object-rows.ts'
import type { Objects } from '../objects.ts'
import type { Stored } from '../quorum/put-coordination.ts'
import { objectRowKey } from '../row-key.ts'
import type { PinnedKey } from './marks.ts'
import { idleEntries, kindOf, type Reapable, sheddable } from './reapable.ts'
import type { Candidate, PinnedCandidate } from './round-parts.ts'

type Found = {
  readonly keys: readonly Candidate[]
  readonly pins: readonly PinnedCandidate[]
}
/** `bytes`: what every owner may have to write for it, about: the objects, with their keys. */
type FoundHere = Found & { readonly bytes: number }

type Parts = {
  readonly reapable: Reapable
  readonly objects: Objects<Stored>
  readonly tree: Tree
}

export class Candidates {
  readonly #parts: Parts
  /** Since when pins of a partition wait for a key to come to rest. */
  readonly #pinsSince = new Map<Partition, Instant>()
  /** Rows that may still be looked at in this search. */
  #left = 0

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** A search of partitions begins, or goes on: in each so many rows are looked at. */
  begin(): void {
    this.#left = rowsAtOnce
    const { counts } = this.#parts.reapable
    for (const partition of this.#pinsSince.keys()) {
      if ((counts.get(partition)?.pinned ?? 0) === 0) this.#pinsSince.delete(partition)
    }
  }

  /** Is it enough for now? */
  get isSpent(): boolean {
    return this.#left <= 0
  }

  /** What this node, which leads the round, finds of the partition. */
  of(partition: Partition, now: Instant): FoundHere {
    const { reapable, objects, tree } = this.#parts
    const keys: Candidate[] = []
    const pins: PinnedCandidate[] = []
    const isDue = this.#pinsAreDue(partition, now)
    let [dots, names, bytes] = [0, 0, 0]
    for (const { token, key } of reapable.page(partition, rowsMax)) {
      // Known-bad 714: all that can go is proved and reaped in one step.
      const isMuch = (names >= most.names || bytes >= most.bytes) && !mutant(714)
      if (dots >= dotsMax || isMuch) break
      this.#left--
      const record = objects.durable(token, key)
      if (record === undefined || record === damaged) continue
      const { siblings, digest } = record
      const isRecent = tree.recent.has(objectRowKey(token, key), now)
      const ops = sheddable(siblings)
      const isFilling = siblings.pins.length >= pinsMax / 2
      const sheds = ops.length > 0 && (!isRecent || isDue || isFilling)
      if (sheds) pins.push({ token, key, digest, ops })
      const kind = kindOf(siblings)
      const cleans = !isRecent && kind !== undefined && kind !== 'pinned'
      if (cleans) keys.push({ token, key, digest })
      if (cleans) dots += siblings.versions.length + idleEntries(siblings).length
      names += (sheds ? ops.length : 0) + (cleans ? 1 : 0)
      bytes += sheds || cleans ? key.length + record.object.length : 0
    }
    if (pins.length > 0) this.#pinsSince.delete(partition)
    return { keys, pins, bytes }
  }

  #pinsAreDue(partition: Partition, now: Instant): boolean {
    if ((this.#parts.reapable.counts.get(partition)?.pinned ?? 0) === 0) return false
    const since = this.#pinsSince.get(partition)
    if (since === undefined) this.#pinsSince.set(partition, now)
    return since !== undefined && now >= since + pinsWaitMs
  }
}

/** What is left of it when some are not to be cleaned, or not to be shed (`ToldPart.missing`). */
export function without({ keys, pins }: Found, missing: readonly number[]): Found {
  const isMissing = new Set(missing)
  let position = keys.length
  return {
    keys: keys.filter((_, i) => !isMissing.has(i)),
    pins: pins
      .map(one => ({ ...one, ops: one.ops.filter(() => !isMissing.has(position++)) }))
      .filter(({ ops }) => ops.length > 0),
  }
}

export function countOf(pins: readonly PinnedKey[]): number {
  return pins.reduce((count, { ops }) => count + ops.length, 0)
}

/**
 * Keys and pins in a mark, and the bytes of their objects; and so of all partitions that one
 * message proves or reaps, for each owner does that in one step.
 */
export const most = { names: 1000, bytes: 4 * 1024 * 1024 } as const
/** Dots in a mark. */
const dotsMax = 10_000
/** Rows that are looked at, in one partition and in one search. */
const rowsMax = 2000
const rowsAtOnce = 2000
const pinsWaitMs = 30_000
