/**
 * How far the others are (design §4, protocols P): a start, and a node that is new to a
 * partition, takes and tells nothing of it before it has heard the generations of another owner,
 * for its disk may be an old copy or empty. What is behind an owner's floor is set aside
 * (`set-aside.ts`). Now and then everybody asks again, so that what a crash left half done is
 * finished.
 */

import { mutant, sometimes } from '#mutants'
import { uint48Of } from '../binary.ts'
import type { Record } from '../causality/record.ts'
import { ByteReader, ByteWriter } from '../entropy/bytes.ts'
import type { ExchangeTiming } from '../entropy/timing.ts'
import type { Hash } from '../hash.ts'
import {
  after,
  type Epoch,
  type Generation,
  type Instant,
  type NodeId,
  type Partition,
  type WallTime,
} from '../ids.ts'
import type { Objects } from '../objects.ts'
import type { Pending } from '../pending.ts'
import type { Placement } from '../placement.ts'
import type { Stored } from '../quorum/put-coordination.ts'
import { preferenceList, roleOf } from '../ring/preference-list.ts'
import type { Effect } from '../step.ts'
import type { Wholeness } from '../wholeness/wholeness.ts'
import { most } from './candidates.ts'
import type { Marks } from './marks.ts'
import type { PartitionState } from './partition-rows.ts'
import type { RoundAnswer, RoundQuestion } from './round-message.ts'
import { decodeLearnt, encodeLearnt, type LearntPart } from './round-parts.ts'
import { SetAside } from './set-aside.ts'
import type { Steps } from './steps.ts'

type Parts = {
  readonly hash: Hash
  readonly placement: Placement
  readonly objects: Objects<Stored>
  readonly marks: Marks<Stored>
  readonly pending: Pending<Record, Stored>
  readonly steps: Steps
  readonly timing: ExchangeTiming
  readonly random: (count: number) => string
  readonly wholeness: Wholeness
  /** The store was made with the cluster and has never held anything. */
  readonly isNew: boolean
}
type Asked = { readonly id: number; readonly at: Instant }

export class Learning {
  readonly #parts: Parts
  #epoch: Epoch | undefined
  /** Partitions that this node holds, or stands in for. */
  #own: ReadonlySet<Partition> = new Set()
  /** By partition, how far each other owner was when it was heard last. */
  readonly #heard = new Map<Partition, Map<NodeId, PartitionState>>()
  readonly #asked = new Map<NodeId, Asked>()
  readonly #nextAt = new Map<NodeId, Instant>()
  readonly #aside: SetAside
  /** What others have reaped of partitions that this node owns, too. */
  readonly #toReap = new Map<Partition, Generation>()
  #lastId: number

  constructor(parts: Parts) {
    this.#parts = parts
    this.#aside = new SetAside(parts)
    // Apart from those of rounds (`rounds.ts`).
    this.#lastId = 2 ** 41 + (uint48Of(parts.random(6)) % 2 ** 40)
    this.#follow(parts.isNew)
  }

  /** Partitions that are closed though enough other owners can be reached: they were asked. */
  get waiting(): number {
    const { placement, objects } = this.#parts
    let waiting = 0
    for (const partition of objects.generations.closed) {
      const others = this.#otherOwners(partition)
      const some = others.filter(
        node => placement.reachable(node) || this.#hasHeard(partition, node),
      )
      if (some.length >= this.#wanted(partition, others.length)) waiting++
    }
    return waiting
  }

  tick(now: Instant, wall: WallTime, out: Effect[]): void {
    const { placement, objects } = this.#parts
    if (this.#epoch !== placement.epoch) this.#follow(false)
    this.#reapSome(wall)
    for (const partition of this.#aside.tick(wall)) this.#learnAgain(partition)
    // A store is whole only once it was heard of, perhaps after the owners were.
    if (objects.generations.anyClosed) this.#openHeard()
    for (const node of placement.connectedPeers) {
      const asked = this.#asked.get(node)
      if (asked !== undefined && now < asked.at + answerMsMax) continue
      if (now < (this.#nextAt.get(node) ?? 0) && !this.#isAwaited(node)) continue
      this.#ask(node, now, out)
    }
  }

  /** The connection is there again: what it missed, or we, should not wait. */
  connected(node: NodeId): void {
    this.#nextAt.delete(node)
    this.#asked.delete(node)
  }

  /** How far this node is, where the asker is not as far. */
  asked(from: NodeId, { id, epoch, parts }: RoundQuestion, out: Effect[]): void {
    const { placement } = this.#parts
    const done = epoch === placement.epoch
    const shared = done ? this.#shared(placement.self, from) : []
    const isSame = new ByteReader(parts).uint32() === this.#sumOf(shared, from)
    const told = isSame ? new Uint8Array([SAME]) : this.#tell(shared)
    out.push({ type: 'send', to: from, message: { type: 'rounded', id, done, parts: told } })
  }

  /** True where it was this that was asked. */
  answered(from: NodeId, answer: RoundAnswer, now: Instant): boolean {
    if (this.#asked.get(from)?.id !== answer.id) return false
    const { placement, timing, objects } = this.#parts
    this.#asked.delete(from)
    this.#nextAt.set(from, after(now, timing.pauseMs))
    if (!answer.done || answer.parts.length === 0) {
      // Busy, or of another view: not at once again.
      this.#asked.set(from, { id: -1, at: now })
      this.#nextAt.delete(from)
      return true
    }
    const isSame = answer.parts[0] === SAME
    const told = new Map<Partition, LearntPart>()
    for (const part of decodeLearnt(answer.parts.subarray(1))) told.set(part.partition, part)
    for (const partition of this.#shared(from, placement.self)) {
      const own = objects.generations.of(partition)
      const none = { generation: 0, floor: 0, reaped: 0 }
      this.#learn(partition, from, isSame ? own : (told.get(partition) ?? none))
    }
    return true
  }

  /** What the view says that this node has to do with; what is new to it is closed at first. */
  #follow(isNew: boolean): void {
    const { placement, objects } = this.#parts
    this.#epoch = placement.epoch
    const before = this.#own
    const own = new Set<Partition>()
    for (let i = 0; i < placement.ring.partitions; i++) {
      const partition = i as Partition
      if (placement.ring.lists[partition]?.length === 0) continue
      if (roleOf(placement.ring, partition, placement.self) === 'none') continue
      own.add(partition)
      if (before.has(partition) || isNew) continue
      if (before.size > 0) sometimes('a node is new to a partition')
      this.#heard.delete(partition)
      objects.generations.close(partition)
      this.#openIfHeard(partition)
    }
    this.#own = own
    this.#nextAt.clear()
  }

  /** Does a partition wait to hear of this node? */
  #isAwaited(node: NodeId): boolean {
    const { placement, objects } = this.#parts
    for (const partition of objects.generations.closed) {
      if (this.#heard.get(partition)?.has(node)) continue
      if (preferenceList(placement.ring, partition).includes(node)) return true
    }
    return false
  }

  #ask(node: NodeId, now: Instant, out: Effect[]): void {
    const { placement } = this.#parts
    const shared = this.#shared(node, placement.self)
    if (shared.length === 0) {
      this.#nextAt.set(node, after(now, this.#parts.timing.pauseMs))
      return
    }
    const writer = new ByteWriter()
    writer.uint32(this.#sumOf(shared, placement.self))
    this.#lastId++
    this.#asked.set(node, { id: this.#lastId, at: now })
    const question: RoundQuestion = {
      type: 'round',
      id: this.#lastId,
      epoch: placement.epoch,
      step: 'learn',
      cut: 0,
      age: 0,
      parts: writer.take(),
    }
    out.push({ type: 'send', to: node, message: question })
  }

  #learn(partition: Partition, from: NodeId, theirs: PartitionState): void {
    const { objects, marks, placement } = this.#parts
    const heard = this.#heard.get(partition) ?? new Map<NodeId, PartitionState>()
    this.#heard.set(partition, heard)
    heard.set(from, theirs)
    if (this.#aside.has(partition)) return
    const own = objects.generations.of(partition)
    if (own.generation < theirs.floor) {
      this.#parts.wholeness.doubt(partition)
      this.#aside.begin(partition, theirs.floor)
      return
    }
    if (own.floor < theirs.floor) {
      // All who may hold older hints had handed them over before that floor was set.
      this.#aside.raise(partition, theirs.floor)
      if (this.#aside.has(partition)) return
    }
    if (roleOf(placement.ring, partition, placement.self) === 'primary') {
      if (theirs.reaped > own.reaped) this.#toReap.set(partition, theirs.reaped)
      const others = this.#otherOwners(partition)
      const { reaped } = objects.generations.of(partition)
      const mark = marks.of(partition)
      const isReaped = mark !== undefined && mark.generation < reaped
      if (isReaped && others.every(node => (heard.get(node)?.reaped ?? 0) >= reaped)) {
        marks.remove(partition)
      }
    }
    this.#openIfHeard(partition)
  }

  /** What was heard while it was set aside, or its floor was not set. */
  #learnAgain(partition: Partition): void {
    for (const [from, theirs] of this.#heard.get(partition) ?? []) {
      this.#learn(partition, from, theirs)
    }
    this.#openIfHeard(partition)
  }

  /** Another owner has dropped what all had marked: so does this one, some partitions in a tick. */
  #reapSome(wall: WallTime): void {
    const { objects, marks, steps } = this.#parts
    let names = 0
    for (const [partition, reaped] of this.#toReap) {
      if (names >= most.names) return
      this.#toReap.delete(partition)
      sometimes('an owner hears that another has reaped')
      // Where the mark is lost, it is proved anew.
      const isMarked = marks.of(partition)?.generation === reaped - 1
      if (isMarked) names += steps.reapMarked(partition, wall, undefined)
      const state = objects.generations.of(partition)
      if (state.reaped < reaped) objects.generations.write(partition, { ...state, reaped })
    }
  }

  #openHeard(): void {
    for (const partition of this.#own) {
      if (!this.#parts.objects.generations.isOpen(partition)) this.#openIfHeard(partition)
    }
  }

  #openIfHeard(partition: Partition): void {
    if (this.#aside.has(partition)) return
    const { objects } = this.#parts
    const others = this.#otherOwners(partition)
    const heard = others.filter(node => this.#hasHeard(partition, node))
    if (heard.length >= this.#wanted(partition, others.length)) objects.generations.open(partition)
  }

  /** Of these others so many have to be heard: of a store that may lack something, more. */
  #wanted(partition: Partition, others: number): number {
    const { placement, wholeness } = this.#parts
    if (wholeness.isWholeIn(partition) || mutant(42)) return Math.min(1, others)
    const { replicas, writeQuorum } = placement.settings
    return Math.min(replicas - 1, replicas - writeQuorum + 1, others)
  }

  /** Whose loss an operator accepted is waited for no more. */
  #hasHeard(partition: Partition, node: NodeId): boolean {
    const { wholeness } = this.#parts
    return this.#heard.get(partition)?.has(node) === true || wholeness.isWaived(node)
  }

  /** Partitions that one node owns and another one owns or stands in for. */
  #shared(owner: NodeId, other: NodeId): readonly Partition[] {
    const { ring } = this.#parts.placement
    const shared: Partition[] = []
    for (const [i, list] of ring.lists.entries()) {
      const partition = i as Partition
      if (list.includes(owner) && roleOf(ring, partition, other) !== 'none') shared.push(partition)
    }
    return shared
  }

  #otherOwners(partition: Partition): readonly NodeId[] {
    const { ring, self } = this.#parts.placement
    return preferenceList(ring, partition).filter(node => node !== self)
  }

  /** Of this node's floors, and of what it reaped where the asker may have reaped too. */
  #sumOf(shared: readonly Partition[], asker: NodeId): number {
    const { hash, placement, objects } = this.#parts
    const writer = new ByteWriter()
    for (const partition of shared) {
      const { floor, reaped } = objects.generations.of(partition)
      const owns = roleOf(placement.ring, partition, asker) === 'primary'
      writer.varint(floor)
      writer.varint(owns ? reaped : 0)
    }
    return hash.crc32(writer.take())
  }

  #tell(shared: readonly Partition[]): Uint8Array {
    const { generations } = this.#parts.objects
    const parts = shared
      .map(partition => ({ partition, ...generations.of(partition) }))
      .filter(({ generation }) => generation > 0)
    return Uint8Array.from([OTHER, ...encodeLearnt(parts)])
  }
}

const SAME = 1
const OTHER = 0
const answerMsMax = 1000
