/**
 * What a round of a partition is about: keys that may be cleaned, and pins that may be shed. A
 * key to be cleaned was not changed lately and is the same everywhere; of a key with pins neither
 * is asked, or one that is always written would keep them for ever. They are left until the key
 * is at rest all the same, for some time: every round makes it unknown to some that sent twice
 * meanwhile whether they took effect.
 */
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

type Parts = {
  readonly reapable: Reapable
  readonly objects: Objects<Stored>
  readonly tree: Tree
}

export class Candidates {
  readonly #parts: Parts
  /** Since when pins of a partition wait for a key to come to rest. */
  readonly #pinsSince = new Map<Partition, Instant>()

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** What this node, which leads the round, finds of the partition. */
  of(partition: Partition, now: Instant): Found {
    const { reapable, objects, tree } = this.#parts
    const keys: Candidate[] = []
    const pins: PinnedCandidate[] = []
    const isDue = this.#pinsAreDue(partition, now)
    let dots = 0
    for (const { token, key } of reapable.page(partition, keysMax)) {
      if (dots >= dotsMax || countOf(pins) >= pinsAtOnce) break
      const record = objects.durable(token, key)
      if (record === undefined || record === damaged) continue
      const { siblings, digest } = record
      const isRecent = tree.recent.has(objectRowKey(token, key), now)
      const ops = sheddable(siblings)
      const isFilling = siblings.pins.length >= pinsMax / 2
      if (ops.length > 0 && (!isRecent || isDue || isFilling))
        pins.push({ token, key, digest, ops })
      const kind = kindOf(siblings)
      if (isRecent || kind === undefined || kind === 'pinned') continue
      dots += siblings.versions.length + idleEntries(siblings).length
      keys.push({ token, key, digest })
    }
    if (pins.length > 0) this.#pinsSince.delete(partition)
    return { keys, pins }
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

/** In one mark. */
const dotsMax = 10_000
const keysMax = 2000
const pinsAtOnce = 1000
const pinsWaitMs = 30_000
