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
import { Throttle } from './throttle.ts'

export class Repair {
  readonly #host: RepairHost
  #job: Job | undefined

  constructor(host: RepairHost) {
    this.#host = host
  }

  /** Begins what is asked for, unless one runs, and says how far the last one is. */
  asked(request: RepairRequest, now: Instant): RepairReply {
    const { id, job, begin, movesFrom } = request
    const runs = this.#job?.running === true
    if (begin !== undefined && !runs && this.#job?.name !== job) {
      this.#job = new Job(this.#host, job, begin, now)
    }
    const isMeant = job === '' || begin !== undefined || this.#job?.name === job
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
}

class Job {
  readonly name: string
  readonly #host: RepairHost
  readonly #plan: RepairPlan
  readonly #began: Instant
  readonly #tally = new Tally()
  readonly #throttle: Throttle
  readonly #partitions: number
  /** Partitions that are compared together, not begun yet. */
  readonly #waiting: (readonly number[])[]
  #parts: RepairPart[] = []
  #endedAt: Instant | undefined

  constructor(host: RepairHost, name: string, plan: RepairPlan, now: Instant) {
    this.name = name
    this.#host = host
    this.#plan = plan
    this.#began = now
    this.#throttle = new Throttle(plan, now)
    const { ring, self } = host.placement
    const seenTo = partitionsIn(plan.ranges, bitsOf(ring)).filter(partition => {
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

  driversOf(node: NodeId): readonly PassDriver[] {
    return this.#parts.flatMap(part => part.driverOf(node) ?? [])
  }

  tick(now: Instant, out: Effect[]): void {
    if (!this.running) return
    while (this.#parts.length < this.#plan.concurrency) {
      const partitions = this.#waiting.shift()
      if (partitions === undefined) break
      this.#parts.push(this.#part(partitions, now))
    }
    for (const part of this.#parts) part.tick(now, out)
    this.#parts = this.#parts.filter(part => !part.over)
    if (this.#parts.length === 0 && this.#waiting.length === 0) this.#endedAt = now
  }

  progress(movesFrom: number, now: Instant): RepairProgress {
    const { done, keys, copies, bytes, compared, perNode, unreached, left } = this.#tally
    const { moves, movesTotal } = this.#tally
    return {
      job: this.name,
      way: this.#plan.way,
      running: this.running,
      ms: Math.round((this.#endedAt ?? now) - this.#began),
      partitions: this.#partitions,
      ...{ done, keys, copies, bytes, compared, perNode, unreached, left },
      moves: this.#plan.way === 'preview' ? moves.slice(movesFrom, movesFrom + movesAtOnce) : [],
      movesTotal,
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
      tally.unreachedBy(node, shared.length)
    }
    const plan = { partitions, ranges, peers, moves: way === 'repair', throttle, tally }
    return new RepairPart(this.#host, plan, now)
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

/** So often, about, progress is seen. */
const partsMax = 64
