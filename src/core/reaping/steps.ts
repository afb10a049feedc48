/**
 * The side of a round that is asked (protocols P): proves, turns, drains, sets floors and reaps,
 * and answers once what it did is durable. It keeps nothing but what is in the store: a round is
 * named by its generation and a drawn number, and who is past it, or has no mark of it, refuses.
 */

import { mutant, sometimes } from '#mutants'
import type { Record } from '../causality/record.ts'
import { knowsOp } from '../causality/siblings.ts'
import { AsOf } from '../entropy/as-of.ts'
import { nearest } from '../entropy/clocks.ts'
import { sharedOf } from '../entropy/shared.ts'
import { binaryOfSum, sumWords } from '../entropy/sum.ts'
import type { Tree } from '../entropy/tree.ts'
import type { Generation, Instant, NodeId, OpId, Partition, WallTime } from '../ids.ts'
import { damaged } from '../object-rows.ts'
import type { Objects } from '../objects.ts'
import type { Pending } from '../pending.ts'
import type { Placement } from '../placement.ts'
import type { Stored } from '../quorum/put-coordination.ts'
import { roleOf } from '../ring/preference-list.ts'
import type { Effect } from '../step.ts'
import type { Wholeness } from '../wholeness/wholeness.ts'
import { countOf, most } from './candidates.ts'
import { type Mark, type MarkedKey, type Marks, markRowKey } from './marks.ts'
import { type PartitionState, partitionRowKey } from './partition-rows.ts'
import { idleEntries } from './reapable.ts'
import type { RoundAnswer, RoundQuestion } from './round-message.ts'
import {
  type Candidate,
  decodeProofs,
  decodeSteps,
  encodeTold,
  type PartState,
  type PinnedCandidate,
  type ProvePart,
  type StepPart,
  type ToldPart,
} from './round-parts.ts'

/** An answer that leaves once all that it speaks of is durable: `left` rows are not. */
export type RoundThen = {
  readonly type: 'rounded'
  readonly to: NodeId
  message: RoundAnswer | undefined
  left: number
}

export type StepParts = {
  readonly placement: Placement
  readonly objects: Objects<Stored>
  readonly pending: Pending<Record, Stored>
  readonly tree: Tree
  readonly marks: Marks<Stored>
  /** Does this store lack nothing of the partition (design §4)? */
  readonly wholeness: Wholeness
}
/** `settled`: this process can say what it held a few seconds ago. */
export type Moment = { readonly now: Instant; readonly wall: WallTime; readonly settled: boolean }
/** Takes what this node answers to itself. */
type TakeOwn = (message: RoundAnswer, now: Instant, out: Effect[]) => void

export class Steps {
  readonly #parts: StepParts
  readonly #takeOwn: TakeOwn
  #reaped = 0
  #pinsShed = 0
  /** What may still be reaped before what one question asks to be proved. */
  #toCatchUp = 0

  constructor(parts: StepParts, takeOwn: TakeOwn) {
    this.#parts = parts
    this.#takeOwn = takeOwn
  }

  /** Keys that were cleaned here, since the start. */
  get reaped(): number {
    return this.#reaped
  }

  /** Pins that were shed here, since the start. */
  get pinsShed(): number {
    return this.#pinsShed
  }

  /** Any step but `learn` (`learning.ts`). */
  asked(from: NodeId, question: RoundQuestion, at: Moment, out: Effect[]): void {
    const { id, epoch, step } = question
    const then: RoundThen = { type: 'rounded', to: from, message: undefined, left: 0 }
    const done = epoch === this.#parts.placement.epoch
    let told: readonly ToldPart[] = []
    if (done && step === 'prove') told = this.#proveAll(question, at, then)
    else if (done) {
      told = decodeSteps(question.parts).map(part =>
        this.#told(part, this.#take(part, question, at, then)),
      )
    }
    then.message = { type: 'rounded', id, done, parts: encodeTold(told) }
    if (then.left === 0) this.#answer(then, at.now, out)
  }

  /** A row that an answer waits for is durable. */
  durable(then: RoundThen, now: Instant, out: Effect[]): void {
    then.left -= 1
    if (then.left === 0) this.#answer(then, now, out)
  }

  /**
   * Drops what the partition's mark names: all that may hold it refuse what is older. Returns how
   * much it was.
   */
  reapMarked(partition: Partition, stamp: WallTime, then: RoundThen | undefined): number {
    const { marks, objects } = this.#parts
    const mark = marks.of(partition)
    const state = objects.generations.of(partition)
    if (mark === undefined || state.reaped > mark.generation) return 0
    sometimes('a tombstone is reaped')
    for (const key of mark.keys) {
      if (key.entries.length > 0) sometimes('vector entries are shed')
      if (objects.reap(key, stamp)) this.#reaped++
    }
    this.#shed(mark)
    this.#write(partition, { ...state, reaped: mark.generation + 1 }, then)
    return mark.keys.length + countOf(mark.pins)
  }

  #proveAll(question: RoundQuestion, at: Moment, then: RoundThen): readonly ToldPart[] {
    const { placement, tree } = this.#parts
    const parts = decodeProofs(question.parts)
    this.#toCatchUp = most.names
    const own = sharedOf(placement.ring, placement.self, placement.self)
    const cut = { stamp: nearest(at.wall, question.cut), ageMs: question.age }
    // In the order of partitions, as they are asked for.
    const sums = new AsOf(tree, own, cut, at.now).sums(
      tree.bits,
      parts.map(({ partition }) => partition),
    )
    return parts.map((part, i) => {
      const sum = binaryOfSum(sums.subarray(sumWords * i))
      const isReady = at.settled && tree.ready && own.has(part.partition)
      const missing: number[] = []
      const state = isReady ? this.#prove(part, sum, missing, at, then) : 'wait'
      return { ...this.#told(part, state), missing }
    })
  }

  /** Equal to the asker in all of the partition, and in each key as it is now: then it is marked. */
  #prove(part: ProvePart, sum: string, missing: number[], at: Moment, then: RoundThen): PartState {
    const { objects, marks, wholeness, placement } = this.#parts
    const { partition, generation, round, keys, pins } = part
    const { generations } = objects
    if (!wholeness.isWholeIn(partition) || !generations.isOpen(partition)) return 'wait'
    const state = generations.of(partition)
    if (state.generation > generation && !mutant(40)) return 'past'
    // Behind what the others refuse: `learning.ts` sets the partition aside.
    if (state.generation < part.floor) return 'wait'
    // Whoever has reaped makes the others reap first, a few partitions at a time.
    if (part.reaped > state.reaped) {
      if (this.#toCatchUp <= 0) return 'wait'
      this.#catchUp(part, at.wall)
    }
    if (part.sum !== '' && sum !== part.sum) {
      sometimes('a round finds unequal roots')
      return 'wait'
    }
    const marked: MarkedKey[] = []
    for (const [i, candidate] of keys.entries()) {
      const key = this.#marked(candidate)
      if (key === undefined) missing.push(i)
      else marked.push(key)
    }
    this.#refusePins(pins, keys.length, missing)
    if (missing.length > 0) return 'wait'
    const { epoch } = placement
    then.left++
    // What this node lacks of them is added in the commit of the mark: what is read here from
    // now on has them.
    if (!mutant(626)) for (const { token, key, ops } of pins) objects.addPins(token, key, ops)
    const named = pins.map(({ token, key, ops }) => ({ token, key, ops }))
    const mark = { epoch, generation, round, keys: marked, pins: named }
    marks.write(partition, mark, then)
    if (mutant(623)) this.#shed(mark)
    this.#raise(partition, { generation, floor: part.floor }, then)
    return 'done'
  }

  /** What is to be dropped of a key; undefined where this node holds something else durably. */
  #marked({ token, key, digest }: Candidate): MarkedKey | undefined {
    const record = this.#parts.objects.durable(token, key)
    if (record === undefined || record === damaged || record.digest !== digest) return undefined
    const { versions } = record.siblings
    const isDead = versions.every(({ tombstone }) => tombstone)
    const tombstones = isDead ? versions.map(({ dot }) => dot) : []
    return { token, key, tombstones, entries: isDead ? [] : idleEntries(record.siblings) }
  }

  /**
   * Ids of which a version is live here, all of a key that this node does not hold, and those that
   * it knows nothing of while it holds other versions than the asker.
   */
  #refusePins(pins: readonly PinnedCandidate[], from: number, missing: number[]): void {
    let position = from
    for (const { token, key, digest, ops } of pins) {
      const record = this.#parts.objects.base(token, key)
      for (const op of ops) {
        if (record === undefined || !maySay(record, digest, op)) missing.push(position)
        position++
      }
    }
  }

  #shed({ pins }: Pick<Mark, 'pins'>): void {
    for (const { token, key, ops } of pins) {
      if (!this.#parts.objects.shedPins(token, key, ops)) continue
      sometimes('pins are shed')
      this.#pinsShed += ops.length
    }
  }

  #take(
    part: StepPart,
    { step, cut }: RoundQuestion,
    { wall }: Moment,
    then: RoundThen,
  ): PartState {
    const { placement, objects } = this.#parts
    const { partition, generation } = part
    if (partition >= placement.ring.partitions) return 'lost'
    const role = roleOf(placement.ring, partition, placement.self)
    if (role === 'none' || !objects.generations.isOpen(partition)) return 'wait'
    if (role === 'primary' && step !== 'drain' && !this.#isMarked(part) && !mutant(252)) {
      return 'lost'
    }
    const state = objects.generations.of(partition)
    if (state.generation > generation + 1 && !mutant(40)) return 'past'
    switch (step) {
      case 'turn':
        if (mutant(624)) this.#shed(this.#parts.marks.of(partition) ?? { pins: [] })
        return this.#raise(partition, { generation: generation + 1 }, then)
      case 'drain':
        if (!this.#isDrained(partition, generation)) return 'wait'
        if (role === 'primary' || mutant(39)) return 'done'
        return this.#raise(partition, { floor: generation + 1 }, then)
      case 'floor':
        return this.#raise(partition, { floor: generation + 1 }, then)
      case 'reap':
        if (mutant(625)) {
          this.#shed(this.#parts.marks.of(partition) ?? { pins: [] })
          return 'done'
        }
        if (state.floor <= generation) return 'lost'
        this.reapMarked(partition, nearest(wall, cut), then)
        return this.#raise(partition, {}, then)
      default:
        return 'lost'
    }
  }

  /** Is this node's mark of this very round? */
  #isMarked({ partition, generation, round }: StepPart): boolean {
    const { marks, placement } = this.#parts
    const mark = marks.of(partition)
    if (mark?.round === round && mark.generation === generation) {
      if (mark.epoch === placement.epoch) return true
    }
    sometimes('a step of a round comes without its mark')
    return false
  }

  /** Is no hint left that may be older than what was proved? Handoff is under way anyhow. */
  #isDrained(partition: Partition, generation: Generation): boolean {
    const { objects, placement } = this.#parts
    const oldest = objects.hints.oldestIn(partition, placement.ring.partitions)
    if (oldest === undefined || oldest > generation || mutant(251)) return true
    sometimes('a round waits for hints')
    return false
  }

  /** The state with at least this; answered once that is durable, though it was written before. */
  #raise(partition: Partition, least: Partial<PartitionState>, then: RoundThen): PartState {
    const { objects, pending, marks } = this.#parts
    const state = objects.generations.of(partition)
    const generation = Math.max(state.generation, least.generation ?? 0)
    const floor = Math.max(state.floor, least.floor ?? 0)
    if (generation > state.generation || floor > state.floor) {
      this.#write(partition, { ...state, generation, floor }, then)
      return 'done'
    }
    if (pending.follow(partitionRowKey(partition), then)) then.left++
    if (marks.of(partition) && pending.follow(markRowKey(partition), then)) then.left++
    return 'done'
  }

  #write(partition: Partition, state: PartitionState, then: RoundThen | undefined): void {
    if (then !== undefined) then.left++
    this.#parts.objects.generations.write(partition, state, then)
  }

  #catchUp({ partition, reaped }: ProvePart, wall: WallTime): void {
    const mark = this.#parts.marks.of(partition)
    if (mark?.generation !== reaped - 1) return
    this.#toCatchUp -= this.reapMarked(partition, wall, undefined)
  }

  #told({ partition }: StepPart, state: PartState): ToldPart {
    const { generation } = this.#parts.objects.generations.of(partition)
    return { state, generation, missing: [] }
  }

  #answer({ to, message }: RoundThen, now: Instant, out: Effect[]): void {
    if (message === undefined) return
    if (to === this.#parts.placement.self) this.#takeOwn(message, now, out)
    else out.push({ type: 'send', to, message })
  }
}

/** May this node say that the operation was superseded? */
function maySay({ siblings, digest }: Record, asked: string, op: OpId): boolean {
  if (siblings.versions.some(version => version.op === op)) return false
  return digest === asked || knowsOp(siblings, op) || mutant(635)
}
