/**
 * The operator's repair (design §6.4): this node's part of `kv repair`. Each partition is seen to
 * by one of its owners alone, so that a key that differs moves once to whoever lacks it and is
 * counted once. It runs here, whoever watches, with nothing on the disk: after a crash it is
 * begun again, and finds what is left.
 */
import type { Instant, NodeId, RequestId } from '../ids.ts'
import type { Ring } from '../ring/claim.ts'
import type { Effect } from '../step.ts'
import type { PassDriver } from './pass-driver.ts'
import { Patience, patienceMs } from './patience.ts'
import {
  movesAtOnce,
  type RepairPlan,
  type RepairProgress,
  type RepairReply,
  type RepairRequest,
} from './repair-message.ts'
import { type RepairHost, RepairPart } from './repair-part.ts'
import { Tally } from './repair-tally.ts'
import { partitionsIn } from './scope.ts'
import { Scrub, type ScrubParts } from './scrub.ts'
import { Throttle, ThrottledPace } from './throttle.ts'

export class Repair {
  readonly #host: RepairHost & ScrubParts
  #job: Job | undefined

  constructor(host: RepairHost & ScrubParts) {
    this.#host = host
  }

  /** Begins what is asked for, unless one runs, or ends it, and says how far the last one is. */
  asked(request: RepairRequest, now: Instant): RepairReply {
    const { id, job, begin, cancel, movesFrom } = request
    const runs = this.#job?.running === true
    if (begin !== undefined && !runs && this.#job?.name !== job) {
      this.#job = new Job(this.#host, job, begin, now)
    }
    const isMeant = job === '' || begin !== undefined || this.#job?.name === job
    if (cancel && isMeant) this.#job?.cancel(now)
    const progress = isMeant ? this.#job?.progress(movesFrom, now) : undefined
    return { type: 'repair-is', id, node: this.#host.placement.self, progress }
  }

  /** What waits for an answer with this number from this node. */
  driverOf(node: NodeId, id: RequestId): PassDriver | undefined {
    return this.#job?.driversOf(node).find(driver => driver.waitsFor(id))
  }

  disconnected(node: NodeId, now: Instant, out: Effect[]): void {
    for (const driver of this.#job?.driversOf(node) ?? []) driver.fail(now, out)
  }

  tick(now: Instant, out: Effect[]): void {
    this.#job?.tick(now, out)
  }

  /** This node can compare nothing yet: it has just begun, or is being refilled. */
  waits(now: Instant): void {
    this.#job?.waits(now)
  }

  /** A commit ended: nothing is on its way to the disk for a moment. */
  settled(now: Instant, out: Effect[]): void {
    this.#job?.work(rowsBetweenCommits, now, out)
  }
}

class Job {
  readonly name: string
  readonly #host: RepairHost
  readonly #plan: RepairPlan
  readonly #began: Instant
  readonly #tally = new Tally()
  readonly #throttle: Throttle
  readonly #patience = new Patience()
  readonly #partitions: number
  /** Partitions that are compared together, not begun yet. */
  readonly #waiting: (readonly number[])[] = []
  readonly #scrub: Scrub | undefined
  #parts: RepairPart[] = []
  readonly #paces = new Map<NodeId, ThrottledPace>()
  #endedAt: Instant | undefined
  /** Since then this node can compare nothing. */
  #waitsSince: Instant | undefined

  constructor(host: RepairHost & ScrubParts, name: string, plan: RepairPlan, now: Instant) {
    this.name = name
    this.#host = host
    this.#plan = plan
    this.#began = now
    this.#throttle = new Throttle(plan, now)
    const { ring, self } = host.placement
    const inRange = partitionsIn(plan.ranges, bitsOf(ring))
    if (isScrub(plan)) {
      const partitions = inRange.filter(partition => ring.lists[partition]?.includes(self))
      const mends = plan.way === 'scrub'
      const [throttle, tally] = [this.#throttle, this.#tally]
      this.#partitions = partitions.length
      this.#scrub = new Scrub(host, { partitions, mends, throttle, tally })
      return
    }
    const seenTo = inRange.filter(partition => {
      return seerOf(ring.lists[partition] ?? [], plan) === self
    })
    this.#partitions = seenTo.length
    const size = Math.max(1, Math.ceil(seenTo.length / partsMax))
    this.#waiting = Array.from({ length: Math.ceil(seenTo.length / size) }, (_, i) => {
      return seenTo.slice(i * size, (i + 1) * size)
    })
  }

  get running(): boolean {
    return this.#endedAt === undefined
  }

  cancel(now: Instant): void {
    for (const part of this.#parts) part.stop()
    this.#scrub?.stop()
    this.#parts = []
    this.#endedAt ??= now
  }

  driversOf(node: NodeId): readonly PassDriver[] {
    return this.#parts.flatMap(part => part.driverOf(node) ?? [])
  }

  tick(now: Instant, out: Effect[]): void {
    if (!this.running) return
    this.#waitsSince = undefined
    this.work(rowsInTick, now, out)
    while (this.#parts.length < this.#plan.concurrency) {
      const partitions = this.#waiting.shift()
      if (partitions === undefined) break
      this.#parts.push(this.#part(partitions, now))
    }
    for (const part of this.#parts) part.tick(now, out)
    this.#parts = this.#parts.filter(part => !part.over)
    const isThrough = this.#parts.length === 0 && this.#waiting.length === 0
    if (isThrough && this.#scrub?.over !== false) this.#endedAt = now
  }

  /** Whoever cannot compare for long says so, and ends: a refill may take as long as it likes. */
  waits(now: Instant): void {
    if (!this.running || this.#scrub !== undefined) return
    this.#waitsSince ??= now
    if (now - this.#waitsSince < patienceMs) return
    const waiting = this.#waiting.splice(0).map(partitions => this.#part(partitions, now))
    for (const part of [...this.#parts.splice(0), ...waiting]) part.giveUp()
    this.#endedAt = now
  }

  /** Reads some rows of a scrub. */
  work(rowsMax: number, now: Instant, out: Effect[]): void {
    if (this.running) this.#scrub?.work(rowsMax, now, out)
  }

  progress(movesFrom: number, now: Instant): RepairProgress {
    const { done, keys, copies, bytes, compared, perNode, rows, damaged, drifted } = this.#tally
    const { moves, movesTotal, unproved } = this.#tally
    return {
      job: this.name,
      way: this.#plan.way,
      running: this.running,
      ms: Math.round((this.#endedAt ?? now) - this.#began),
      partitions: this.#partitions,
      ...{ done, keys, copies, bytes, compared, perNode, rows, damaged, drifted },
      unproved: unproved.map(one => ({ by: this.#host.placement.self, ...one })),
      moves: this.#plan.way === 'preview' ? moves.slice(movesFrom, movesFrom + movesAtOnce) : [],
      movesTotal,
      tooLarge: this.#tally.tooLarge,
    }
  }

  #part(partitions: readonly number[], now: Instant): RepairPart {
    const { ring, self } = this.#host.placement
    const owners = new Set(partitions.flatMap(partition => ring.lists[partition] ?? []))
    owners.delete(self)
    const peers = [...owners].filter(node => !this.#plan.silent.includes(node)).sort()
    const { ranges, way } = this.#plan
    const [throttle, tally] = [this.#throttle, this.#tally]
    for (const node of owners) {
      if (peers.includes(node)) continue
      const shared = partitions.filter(partition => ring.lists[partition]?.includes(node))
      tally.leaveOut(node, shared.length, 'silent')
    }
    const moves = way === 'repair'
    const paceOf = (node: NodeId) => this.#paceOf(node)
    const patience = this.#patience
    const plan = { partitions, ranges, peers, moves, throttle, paceOf, patience, tally }
    return new RepairPart(this.#host, plan, now)
  }

  #paceOf(node: NodeId): ThrottledPace {
    const pace = this.#paces.get(node) ?? new ThrottledPace(this.#throttle)
    this.#paces.set(node, pace)
    return pace
  }
}

/** Which owner sees to a partition; all nodes say the same. */
function seerOf(owners: readonly NodeId[], { node, silent }: RepairPlan): NodeId | undefined {
  if (node !== undefined) return owners.includes(node) ? node : undefined
  return owners.find(owner => !silent.includes(owner))
}

function bitsOf({ partitions }: Ring): number {
  return 31 - Math.clz32(partitions)
}

/** Does it look at what each node holds, and not at what differs? */
function isScrub({ way }: RepairPlan): boolean {
  return way === 'scrub' || way === 'verify'
}

/** Rows of a scrub: some milliseconds, and less than one. */
const rowsInTick = 256
const rowsBetweenCommits = 64
/** So often, about, progress is seen. */
const partsMax = 64
