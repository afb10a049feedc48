/**
 * Deletes that stay deleted (design §2, protocols P): tombstones go once no older copy can be
 * taken anywhere, told by generations and never by clocks. `rounds.ts` asks, `steps.ts` answers,
 * `learning.ts` hears how far the others are.
 */

import { mutant } from '#mutants'
import type { Record } from '../causality/record.ts'
import type { ExchangeTiming } from '../entropy/timing.ts'
import type { Hash } from '../hash.ts'
import type { Instant, NodeId, Token, WallTime } from '../ids.ts'
import { damaged } from '../object-rows.ts'
import type { Pending } from '../pending.ts'
import type { Placement } from '../placement.ts'
import { hintRows, objectRowAt, objectRowsEnd } from '../row-key.ts'
import type { Effect, RowKey, Store } from '../step.ts'
import type { Wholeness } from '../wholeness/wholeness.ts'
import { Generations } from './generations.ts'
import { Learning } from './learning.ts'
import { Marks } from './marks.ts'
import { partitionRows } from './partition-rows.ts'
import { Reapable } from './reapable.ts'
import type { RoundAnswer, RoundQuestion } from './round-message.ts'
import { Rounds } from './rounds.ts'
import type { Moment, RoundThen, StepParts } from './steps.ts'

/** What objects are stamped, filtered and listed by. */
export type Stamps<Then> = {
  readonly generations: Generations<Then>
  readonly marks: Marks<Then>
  readonly reapable: Reapable
}

export function stampsOf<Then>(parts: {
  readonly hash: Hash
  readonly reads: Store
  readonly pending: Pending<Record, Then>
  readonly partitions: number
  readonly placement: Pick<Placement, 'owns'>
}): Stamps<Then> {
  const owns = (token: Token) => parts.placement.owns(token)
  const generations = new Generations<Then>({ ...parts, owns })
  return { generations, marks: new Marks<Then>(parts), reapable: new Reapable(parts) }
}

type Parts = Omit<StepParts, 'isWhole'> & {
  readonly hash: Hash
  readonly reads: Store
  readonly reapable: Reapable
  readonly timing: ExchangeTiming
  readonly random: (count: number) => string
  readonly wholeness: Wholeness
  /** The store was made with the cluster. */
  readonly isFounder: boolean
}

export type ReapingCounts = {
  readonly tombstones: number
  readonly tombstoneBytes: number
  /** Keys that were cleaned here, and rounds that this node led to their end, since the start. */
  readonly reaped: number
  readonly rounds: number
  /** Partitions with something to reap that wait for a silent node, by the node. */
  readonly heldUp: ReadonlyMap<NodeId, number>
  /** Keys with pins, their pins, keys that take no more, and partitions with pins by whom they wait for. */
  readonly pinnedKeys: number
  readonly pins: number
  readonly fullKeys: number
  readonly pinsHeldUp: ReadonlyMap<NodeId, number>
  /** Pins that were shed here, since the start. */
  readonly pinsShed: number
  /** Partitions of which this node takes nothing until an owner that it asked has answered. */
  readonly unheard: number
  /** Rows in the store that are no objects. */
  readonly rows: number
}

export class Reaping {
  readonly #parts: Parts
  readonly #rounds: Rounds
  readonly #learning: Learning
  #settledAt: Instant | undefined
  #wall: WallTime = 0

  constructor(parts: Parts) {
    this.#parts = parts
    this.#rounds = new Rounds(parts)
    const isNew = parts.isFounder && isEmpty(parts.reads)
    this.#learning = new Learning({ ...parts, steps: this.#rounds.steps, isNew })
  }

  get counts(): ReapingCounts {
    const { reapable, marks, objects } = this.#parts
    const { keys, tombstones, bytes, pinned, pins, full } = reapable.total
    return {
      tombstones,
      tombstoneBytes: bytes,
      reaped: this.#rounds.steps.reaped,
      rounds: this.#rounds.done,
      heldUp: this.#rounds.heldUp,
      pinnedKeys: pinned,
      pins,
      fullKeys: full,
      pinsHeldUp: this.#rounds.pinsHeldUp,
      pinsShed: this.#rounds.steps.pinsShed,
      unheard: this.#learning.waiting,
      rows: keys + marks.rows + objects.generations.rows,
    }
  }

  tick(now: Instant, wall: WallTime, out: Effect[]): void {
    const { cutAgeMs, skewMs } = this.#parts.timing
    this.#wall = wall
    this.#settledAt ??= (now + cutAgeMs + skewMs) as Instant
    this.#learning.tick(now, wall, out)
    if (mutant(10)) this.#reapByTime(wall)
    else this.#rounds.tick(this.#moment(now), out)
  }

  connected(node: NodeId): void {
    this.#learning.connected(node)
  }

  asked(from: NodeId, question: RoundQuestion, now: Instant, out: Effect[]): void {
    if (question.step === 'learn') this.#learning.asked(from, question, out)
    else this.#rounds.steps.asked(from, question, this.#moment(now), out)
  }

  answered(from: NodeId, answer: RoundAnswer, now: Instant, out: Effect[]): void {
    if (this.#learning.answered(from, answer, now)) return
    this.#rounds.answered(from, answer, now, out)
  }

  /** A commit goes, and is durable. */
  turn(): void {
    this.#parts.objects.generations.turn()
  }

  settled(): void {
    this.#parts.objects.generations.settled()
  }

  /** A row that an answer waits for is durable. */
  durable(then: RoundThen, now: Instant, out: Effect[]): void {
    this.#rounds.steps.durable(then, now, out)
  }

  #moment(now: Instant): Moment {
    const settled = this.#settledAt !== undefined && now >= this.#settledAt
    return { now, wall: this.#wall, settled }
  }

  /** Known-bad 10: a tombstone goes three seconds after it was written. */
  #reapByTime(wall: WallTime): void {
    const { reapable, objects } = this.#parts
    for (const partition of [...reapable.counts.keys()]) {
      for (const { token, key } of reapable.page(partition, 100)) {
        const record = objects.durable(token, key)
        if (record === undefined || record === damaged || record.time > wall - 3000) continue
        const tombstones = record.siblings.versions.map(({ dot }) => dot)
        if (!objects.reap({ token, key, tombstones, entries: [] }, wall)) continue
        const state = objects.generations.of(partition)
        objects.generations.write(partition, { ...state, reaped: state.reaped + 1 })
      }
    }
  }
}

function isEmpty(reads: Store): boolean {
  const spaces: readonly { readonly from: RowKey; readonly to: RowKey }[] = [
    { from: objectRowAt(''), to: objectRowsEnd },
    hintRows,
    partitionRows,
  ]
  return spaces.every(({ from, to }) => reads.range(from, to, 1).length === 0)
}
