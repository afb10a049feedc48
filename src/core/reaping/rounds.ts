/**
 * The side of a round that asks (protocols P): the first owner of a partition in which there is
 * something to reap. One round a partition at a time, all partitions that are at one step with
 * one node in one message. A round that does not get on is given up, at any step: the next one
 * begins with a proof of its own.
 *
 *   prove ──► turn ──► drain ──► floor ──► reap         a question to each of
 *   owners    all      all       owners    owners       them, until all are done
 */
import { mutant, sometimes } from '#mutants'
import { uint48Of } from '../binary.ts'
import { AsOf } from '../entropy/as-of.ts'
import { lowBits } from '../entropy/clocks.ts'
import { sharedOf } from '../entropy/shared.ts'
import { binaryOfSum } from '../entropy/sum.ts'
import type { ExchangeTiming } from '../entropy/timing.ts'
import { after, type Instant, type NodeId, type Partition } from '../ids.ts'
import { fallbacksOf, preferenceList } from '../ring/preference-list.ts'
import type { Effect } from '../step.ts'
import { Candidates, countOf, most, without } from './candidates.ts'
import type { Reapable, ReapableCount } from './reapable.ts'
import { type Asked, type Round, unfinished } from './round.ts'
import type { RoundAnswer, RoundQuestion, RoundStep } from './round-message.ts'
import {
  type Candidate,
  decodeTold,
  encodeProofs,
  encodeSteps,
  type PinnedCandidate,
  type ProvePart,
  type ToldPart,
} from './round-parts.ts'
import { type Moment, type StepParts, Steps } from './steps.ts'

type Parts = StepParts & {
  readonly reapable: Reapable
  readonly timing: ExchangeTiming
  readonly random: (count: number) => string
}

export class Rounds {
  readonly steps: Steps
  readonly #parts: Parts
  readonly #rounds = new Map<Partition, Round>()
  readonly #asked = new Map<NodeId, Asked>()
  readonly #nextAt = new Map<Partition, Instant>()
  /** Generations that others were heard to be in. */
  readonly #heard = new Map<Partition, number>()
  /** Rounds, by their drawn numbers, that a node is past, or has lost the mark of. */
  readonly #lost = new Map<Partition, number>()
  readonly #askAgainAt = new Map<NodeId, Instant>()
  readonly #candidates: Candidates
  #lastId: number
  #beginAt = 0 as Instant
  #done = 0
  #at: Moment = { now: 0 as Instant, wall: 0, settled: false }

  constructor(parts: Parts) {
    const { self } = parts.placement
    this.steps = new Steps(parts, (message, now, out) => this.answered(self, message, now, out))
    this.#parts = parts
    this.#candidates = new Candidates(parts)
    this.#lastId = uint48Of(parts.random(6)) % 2 ** 32
  }

  /** Rounds that ended well, since the start. */
  get done(): number {
    return this.#done
  }

  /** Partitions with something to reap that wait for a node, by the node. */
  get heldUp(): ReadonlyMap<NodeId, number> {
    return this.#heldUp(() => true)
  }

  /** The same, of those with pins. */
  get pinsHeldUp(): ReadonlyMap<NodeId, number> {
    return this.#heldUp(({ pinned }) => pinned > 0)
  }

  #heldUp(counts: (count: ReapableCount) => boolean): ReadonlyMap<NodeId, number> {
    const waiting = new Map<NodeId, number>()
    const { reapable, placement } = this.#parts
    for (const [partition, count] of reapable.counts) {
      if (!counts(count)) continue
      for (const node of this.#holders(partition)) {
        if (!placement.reachable(node)) waiting.set(node, (waiting.get(node) ?? 0) + 1)
      }
    }
    return waiting
  }

  tick(at: Moment, out: Effect[]): void {
    this.#at = at
    if (!at.settled || !this.#parts.tree.ready) return
    for (const round of [...this.#rounds.values()]) this.#watch(round, at.now)
    this.#begin(at)
    this.#askAll(out)
  }

  /** The other side answers. */
  answered(from: NodeId, answer: RoundAnswer, now: Instant, out: Effect[]): void {
    const asked = this.#asked.get(from)
    if (asked?.id !== answer.id) return
    this.#asked.delete(from)
    const told = decodeTold(answer.parts)
    for (const [i, { round, number }] of asked.rounds.entries()) {
      if (this.#rounds.get(round.partition) !== round || round.step !== asked.step) continue
      if (round.round !== number) continue
      const part = answer.done ? told[i] : undefined
      if (part === undefined) this.#giveUp(round, now)
      else this.#heardOf(from, round, part, now)
    }
    this.#askAll(out)
  }

  #heardOf(from: NodeId, round: Round, part: ToldPart, now: Instant): void {
    if (part.state === 'done') {
      round.left.delete(from)
      if (round.left.size === 0) this.#next(round, now)
      return
    }
    if (part.state !== 'wait') this.#lost.set(round.partition, round.round)
    if (part.state === 'past') this.#heard.set(round.partition, part.generation)
    if (part.state === 'wait' && round.step === 'drain') {
      this.#askAgainAt.set(from, after(now, drainMs))
      return
    }
    if (part.state === 'wait' && this.#proveLess(round, part.missing)) return
    this.#giveUp(round, now)
  }

  /** Some keys were changed meanwhile: the others are proved anew. False if nothing is left. */
  #proveLess(round: Round, missing: readonly number[]): boolean {
    if (missing.length === 0) {
      // The roots differ, or that node is not ready. Pins are shed without equal roots.
      if (round.sum === '' || round.pins.length === 0) return false
      round.sum = ''
      this.#prove(round, [], round.pins)
      return true
    }
    const { keys, pins } = without(round, missing)
    if (keys.length + pins.length === 0) return false
    if (keys.length === round.keys.length && countOf(pins) === countOf(round.pins)) return false
    this.#prove(round, keys, pins)
    return true
  }

  #next(round: Round, now: Instant): void {
    const following: { readonly [S in RoundStep]?: RoundStep } = {
      prove: 'turn',
      turn: 'drain',
      drain: 'floor',
      floor: 'reap',
    }
    const step = round.step === 'prove' && mutant(625) ? 'reap' : following[round.step]
    if (step === undefined) {
      sometimes('a round ends')
      this.#done++
      this.#rounds.delete(round.partition)
      return
    }
    round.step = step
    const isForOwners = (step === 'floor' && !mutant(39)) || step === 'reap'
    const nodes = isForOwners ? this.#owners(round.partition) : this.#holders(round.partition)
    for (const node of nodes) round.left.add(node)
    this.#nextAt.set(round.partition, after(now, this.#pauseOf(round.partition)))
  }

  #prove(round: Round, keys: readonly Candidate[], pins: readonly PinnedCandidate[]): void {
    round.step = 'prove'
    round.keys = keys
    round.pins = pins
    round.round = this.#draw()
    round.left.clear()
    const owners = this.#owners(round.partition)
    for (const node of mutant(252) ? owners.slice(0, -1) : owners) round.left.add(node)
  }

  #giveUp(round: Round, now: Instant): void {
    sometimes('a round is given up')
    this.#rounds.delete(round.partition)
    this.#nextAt.set(round.partition, after(now, this.#pauseOf(round.partition)))
  }

  /** One that a node does not get on with, or whose members are others now, is over. */
  #watch(round: Round, now: Instant): void {
    const { placement, timing } = this.#parts
    const isProving = round.step === 'prove'
    const lost = [...round.left].some(node => !placement.reachable(node))
    const late = now > round.began + (isProving ? timing.passMsMax : roundMsMax)
    if (lost || late || round.epoch !== placement.epoch) this.#giveUp(round, now)
  }

  #begin({ now, wall }: Moment): void {
    const { reapable, placement, objects, wholeness } = this.#parts
    if (now < this.#beginAt) return
    this.#beginAt = after(now, beginMs)
    this.#candidates.begin()
    for (const partition of reapable.counts.keys()) {
      if (this.#rounds.size >= roundsMax) return
      if (this.#candidates.isSpent) {
        // The next tick goes on.
        this.#beginAt = now
        return
      }
      if (this.#rounds.has(partition)) continue
      if (now < (this.#nextAt.get(partition) ?? 0)) continue
      const [first] = preferenceList(placement.ring, partition)
      if (first !== placement.self || !wholeness.isWholeIn(partition)) continue
      if (!objects.generations.isOpen(partition)) continue
      if (this.#holders(partition).some(node => !placement.reachable(node))) {
        sometimes('a round waits for a silent node')
        continue
      }
      if (!this.#goOn(partition, now)) this.#start(partition, { now, wall })
    }
  }

  /** One that was not ended here is gone on with: true if there is one. */
  #goOn(partition: Partition, now: Instant): boolean {
    const { marks, objects, placement } = this.#parts
    const state = objects.generations.of(partition)
    const mark = marks.of(partition)
    const round =
      mark && unfinished({ partition, mark, state, owners: this.#owners(partition), now })
    if (round === undefined || round.epoch !== placement.epoch || mutant(676)) return false
    if (this.#lost.get(partition) === round.round) return false
    sometimes('a round is gone on with')
    this.#rounds.set(partition, round)
    return true
  }

  #start(partition: Partition, { now, wall }: Pick<Moment, 'now' | 'wall'>): void {
    const { placement, objects, timing } = this.#parts
    const { keys, pins, bytes } = this.#candidates.of(partition, now)
    const isNothing = keys.length + pins.length === 0
    this.#nextAt.set(partition, after(now, isNothing ? freshMs : this.#pauseOf(partition)))
    if (isNothing) return
    const { generation } = objects.generations.of(partition)
    const round: Round = {
      partition,
      epoch: placement.epoch,
      generation: Math.max(generation, this.#heard.get(partition) ?? 0),
      round: 0,
      stamp: Math.max(0, wall - timing.cutAgeMs),
      began: now,
      sum: '',
      keys,
      pins,
      bytes,
      step: 'prove',
      left: new Set(),
    }
    round.sum = this.#sumOf(round, now)
    this.#rounds.set(partition, round)
    this.#prove(round, keys, pins)
  }

  #sumOf({ partition, stamp, began }: Round, now: Instant): string {
    const { placement, tree, timing } = this.#parts
    const own = sharedOf(placement.ring, placement.self, placement.self)
    const cut = { stamp, ageMs: timing.cutAgeMs + now - began }
    return binaryOfSum(new AsOf(tree, own, cut, now).sums(tree.bits, [partition]))
  }

  /** A question to each node that something waits for: the earliest step first. */
  #askAll(out: Effect[]): void {
    const { now } = this.#at
    const nodes = new Set([...this.#rounds.values()].flatMap(({ left }) => [...left]))
    for (const node of nodes) {
      const asked = this.#asked.get(node)
      if (asked !== undefined && now < asked.at + answerMsMax) continue
      if (now < (this.#askAgainAt.get(node) ?? 0)) continue
      this.#ask(node, out)
    }
  }

  #ask(node: NodeId, out: Effect[]): void {
    const waiting = [...this.#rounds.values()].filter(({ left }) => left.has(node))
    const step = stepsInOrder.find(one => waiting.some(round => round.step === one))
    if (step === undefined) return
    const rounds = waiting
      .filter(round => round.step === step)
      .sort((a, b) => a.partition - b.partition)
    // One cut for all that is proved at once.
    const stamp = rounds[0]?.stamp ?? 0
    const isAllOfIt = step === 'prove' || step === 'reap'
    let [names, bytes] = [0, 0]
    const some = rounds
      .filter(one => step !== 'prove' || one.stamp === stamp)
      .filter((one, i) => {
        names += isAllOfIt ? one.keys.length + countOf(one.pins) : 0
        bytes += isAllOfIt ? one.bytes : 0
        const fits = i === 0 || (names <= most.names && bytes <= most.bytes) || mutant(714)
        return i < partsMax && fits
      })
    const { now, wall } = this.#at
    this.#lastId = (this.#lastId + 1) % 2 ** 40
    const named = some.map(round => ({ round, number: round.round }))
    this.#asked.set(node, { id: this.#lastId, at: now, rounds: named, step })
    const began = some[0]?.began ?? now
    const { generations } = this.#parts.objects
    const proofs = (): ProvePart[] =>
      some.map(({ partition, generation, round, sum, keys, pins }) => {
        const { floor, reaped } = generations.of(partition)
        return { partition, generation, round, sum, keys, pins, floor, reaped }
      })
    const question: RoundQuestion = {
      type: 'round',
      id: this.#lastId,
      epoch: this.#parts.placement.epoch,
      step,
      cut: lowBits(step === 'prove' ? stamp : wall),
      age: Math.floor(this.#parts.timing.cutAgeMs + now - began),
      parts: step === 'prove' ? encodeProofs(proofs()) : encodeSteps(some),
    }
    if (node !== this.#parts.placement.self) out.push({ type: 'send', to: node, message: question })
    else this.steps.asked(node, question, this.#at, out)
  }

  /** Those who own the partition. */
  #owners(partition: Partition): readonly NodeId[] {
    return preferenceList(this.#parts.placement.ring, partition)
  }

  /** Those who may hold the partition, or hints for its owners. */
  #holders(partition: Partition): readonly NodeId[] {
    return [...this.#owners(partition), ...fallbacksOf(this.#parts.placement.ring, partition)]
  }

  #draw(): number {
    return uint48Of(this.#parts.random(6))
  }

  /** Until the next round: shorter while second sends find the pins of a key full. */
  #pauseOf(partition: Partition): number {
    const isFull = (this.#parts.reapable.counts.get(partition)?.full ?? 0) > 0
    return isFull ? fullMs : this.#parts.timing.pauseMs / 2
  }
}

const stepsInOrder: readonly RoundStep[] = ['reap', 'floor', 'drain', 'turn', 'prove']
/** How often it is looked for partitions to begin with; with one whose keys are too young. */
const beginMs = 200
const freshMs = 1000
const fullMs = 1000
/** At once, and in one message. */
const roundsMax = 1024
const partsMax = 256
const answerMsMax = 2000
const roundMsMax = 15_000
/** How long hints get to go home before it is asked again. */
const drainMs = 250
