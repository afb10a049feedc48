/**
 * A store that lost its disk is refilled from all members at once (issue 6, design §4): the
 * partitions of which it holds next to nothing are fetched in the order of their rows, each from
 * one primary, and the next one from whoever is free. What that leaves out the comparisons find.
 */
import { mutant, sometimes } from '#mutants'
import { partitionOf } from '../hash.ts'
import { after, type Instant, type NodeId, type Partition, type RequestId } from '../ids.ts'
import { objectRowAt } from '../row-key.ts'
import type { Effect, RowKey } from '../step.ts'
import { shortEpoch } from './clocks.ts'
import type { Fetched } from './exchange-message.ts'
import { type ExchangeParts, isAnswered } from './responder.ts'
import { countAt, sumWords } from './sum.ts'
import { readCopy, take } from './taken.ts'

type Parts = ExchangeParts & {
  readonly newId: () => RequestId
  /** Bytes that wait for the disk of this node. */
  readonly pendingBytes: () => number
  /** Requests of clients and coordinators in the last second. */
  readonly foreground: (now: Instant) => number
}

/** What one member is asked for. */
type Place = {
  /** The first one is behind `after` already. */
  readonly partitions: readonly number[]
  readonly after: string
}
type Fetching = Place & { readonly id: RequestId; readonly at: Instant }

export class Refill {
  readonly #parts: Parts
  /** Partitions that nobody was asked for yet, and who can be. */
  readonly #left = new Map<number, readonly NodeId[]>()
  readonly #seen = new Set<number>()
  readonly #under = new Map<NodeId, Fetching>()
  /** What members that answered are asked for next. */
  readonly #begun = new Map<NodeId, Place>()
  /** Members that could not answer, and until when they are not asked. */
  readonly #failed = new Map<NodeId, Instant>()
  /** How often each partition was broken off. */
  readonly #failures = new Map<number, number>()
  #lookedAt: Instant | undefined
  #objects = 0

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** Objects that came, since the start. */
  get objects(): number {
    return this.#objects
  }

  /** Is something on its way, or can be asked for? Then nothing is compared. */
  get busy(): boolean {
    if (this.#under.size > 0 || this.#begun.size > 0) return true
    const { placement } = this.#parts
    for (const [partition, others] of this.#left) {
      if (!this.#isOpen(partition)) continue
      const canTell = (node: NodeId) =>
        placement.reachable(node) && (!this.#failed.has(node) || mutant(711))
      if (others.some(canTell)) return true
    }
    return false
  }

  tick(now: Instant, out: Effect[]): void {
    const { wholeness, tree, placement } = this.#parts
    if (!tree.ready || (wholeness.open.size === 0 && this.#left.size === 0)) return
    if (this.#lookedAt === undefined || now >= this.#lookedAt + lookMs) this.#look(now)
    for (const [node, until] of this.#failed) if (now >= until) this.#failed.delete(node)
    for (const [node, { at }] of this.#under) if (now > at + answerMsMax) this.#fail(node, now)
    for (const node of placement.peers) this.#go(node, now, out)
  }

  lost(node: NodeId, now: Instant): void {
    this.#fail(node, now)
  }

  answered(from: NodeId, answer: Fetched, now: Instant, out: Effect[]): void {
    const under = this.#under.get(from)
    if (under?.id !== answer.id) return
    if (!isAnswered(answer.state)) return this.#fail(from, now)
    // Known-bad 711: what is behind such a key is never reached.
    if (mutant(711) && answer.tooLarge.length > 0) return this.#fail(from, now)
    this.#under.delete(from)
    const { placement, carrier } = this.#parts
    const { partitions } = placement.settings
    // They stay unlike there: the partition is not whole for it, and all else is refilled.
    for (const one of answer.tooLarge) carrier.leave(one)
    let of: Partition | undefined
    let held: ReadonlySet<RowKey> | undefined
    for (const copy of answer.copies) {
      const partition = partitionOf(copy.token, partitions)
      const siblings = readCopy(this.#parts, copy, () => under.partitions.includes(partition))
      if (siblings === undefined) continue
      if (partition !== of) held = this.#heldOf(partition, under)
      of = partition
      if (take(this.#parts, copy, siblings, held)) this.#objects++
    }
    const left = under.partitions.slice(answer.done)
    if (left.length > 0) this.#begun.set(from, { partitions: left, after: answer.after })
    this.#go(from, now, out)
  }

  /** What this store has behind the place asked for; undefined where that is much. */
  #heldOf(partition: Partition, { partitions, after }: Place): ReadonlySet<RowKey> | undefined {
    const from = partition === partitions[0] && after !== '' ? objectRowAt(after) : undefined
    const rows = this.#parts.objects.page(partition, from, heldMax + 1)
    return rows.length > heldMax ? undefined : new Set(rows)
  }

  /** A commit is durable: there may be room for more. */
  stored(now: Instant, out: Effect[]): void {
    if (this.#begun.size === 0 && this.#left.size === 0) return
    for (const node of this.#parts.placement.peers) this.#go(node, now, out)
  }

  /** Partitions in doubt of which this store holds next to nothing, each looked at once. */
  #look(now: Instant): void {
    const { wholeness, tree } = this.#parts
    this.#lookedAt = now
    for (const [partition, others] of wholeness.open) {
      if (this.#seen.has(partition)) continue
      this.#seen.add(partition)
      const sums = new Uint32Array(sumWords)
      tree.subtrees.addTo(sums, 0, tree.bits, partition, () => true)
      if (countAt(sums, 0) <= heldMax) this.#left.set(partition, others)
    }
    if (this.#left.size > 0) sometimes('an empty store is refilled')
  }

  /** The next partitions that this member can send. */
  #go(node: NodeId, now: Instant, out: Effect[]): void {
    if (this.#under.has(node) || this.#failed.has(node)) return
    if (this.#isBusy(now) && this.#under.size >= membersBusy) return
    if (this.#parts.pendingBytes() > this.#bytesAtOnce(now) * pendingFactor) return
    const begun = this.#begun.get(node)
    if (begun !== undefined) return this.#ask(node, begun, now, out)
    const some: number[] = []
    for (const [partition, others] of this.#left) {
      if (some.length === partitionsAtOnce) break
      if (others.includes(node) && this.#isOpen(partition)) some.push(partition)
    }
    if (some.length === 0) return
    for (const partition of some) this.#left.delete(partition)
    this.#ask(node, { partitions: some, after: '' }, now, out)
  }

  /** What comes of it before the others told how far they are with it is not taken. */
  #isOpen(partition: number): boolean {
    return this.#parts.objects.generations.isOpen(partition as Partition)
  }

  #ask(to: NodeId, place: Place, now: Instant, out: Effect[]): void {
    const { placement, newId } = this.#parts
    const id = newId()
    this.#begun.delete(to)
    this.#under.set(to, { id, at: now, ...place })
    const epoch = shortEpoch(placement.epoch)
    const message = { type: 'fetch', id, epoch, ...place, bytes: this.#bytesAtOnce(now) } as const
    out.push({ type: 'send', to, message })
  }

  /** What it was asked for is for the others again; it holds on to what came. */
  #fail(node: NodeId, now: Instant): void {
    const under = this.#under.get(node) ?? this.#begun.get(node)
    if (under === undefined) return
    sometimes('a member breaks off a refill')
    this.#under.delete(node)
    this.#begun.delete(node)
    this.#failed.set(node, after(now, failedMs))
    const { ring, self } = this.#parts.placement
    for (const partition of under.partitions) {
      const failures = (this.#failures.get(partition) ?? 0) + 1
      this.#failures.set(partition, failures)
      // Comparing finds what is left of it, and does not stop at one place.
      if (failures > failuresMax && !mutant(711)) continue
      const others = (ring.lists[partition] ?? []).filter(other => other !== self)
      this.#left.set(partition, others)
    }
  }

  /** Little at a time while clients want something: they wait behind it. */
  #bytesAtOnce(now: Instant): number {
    return this.#isBusy(now) ? bytesBusy : bytesIdle
  }

  #isBusy(now: Instant): boolean {
    return this.#parts.foreground(now) >= foregroundMin
  }
}

/** Objects that were put since the start of an empty store. */
const heldMax = 64
const partitionsAtOnce = 16
const bytesIdle = 256 * 1024
const bytesBusy = 32 * 1024
/** As many answers may wait for the disk. */
const pendingFactor = 4
/** Members that send at the same time while clients want something: each in turn. */
const membersBusy = 1
/** Fewer requests a second are no load. */
const foregroundMin = 20
const lookMs = 1000
/** So often, from whomever, a partition is tried. */
const failuresMax = 8
const failedMs = 2000
const answerMsMax = 5000
