/**
 * The directed measure behind I11 (protocols 8): many puts whose ends their clients never hear,
 * repeated through other coordinators, on the same replicas and sessions as in every world, while
 * nodes restart and messages are lost, doubled and late. `retry-case.ts` is one of them.
 */

import { knowsOp } from '../core/causality/siblings.ts'
import type { Key, NodeId } from '../core/ids.ts'
import { copiesOn } from './check/copies.ts'
import type { Write } from './history.ts'
import { type Home, homesOf } from './homes.ts'
import { type Ended, MeasuredCluster } from './measured-cluster.ts'
import { RetryCase, type RetryCounts, type RetryPlan } from './retry-case.ts'
import type { Worker } from './worker.ts'

export type RetriesResult = RetryCounts & Ended & { readonly seed: number }

/** Injects so many timeouts into one cluster. */
export function runRetries(seed: number, timeouts: number): RetriesResult {
  return new Retries(seed, timeouts).run()
}

class Retries {
  readonly #cluster: MeasuredCluster
  readonly #homeOf: (key: Key) => Home
  readonly #wanted: number
  readonly #seed: number
  readonly #counts: RetryCounts = {
    timeouts: 0,
    lostBefore: 0,
    lostAfter: 0,
    late: 0,
    superseded: 0,
    deleted: 0,
    acknowledged: 0,
  }
  #begun = 0
  #open = 0

  constructor(seed: number, wanted: number) {
    this.#seed = seed
    this.#wanted = wanted
    this.#cluster = new MeasuredCluster({
      ...{ seed, clients: writers + others, latencyMs: [0, 1] },
      faults: { loss: 'rare', duplicate: 'rare', tail: 'medium' },
    })
    this.#homeOf = homesOf(this.#cluster.context.options)
  }

  run(): RetriesResult {
    const { events } = this.#cluster.context
    this.#cluster.start()
    for (let i = 0; i < writers; i++) events.at(second + i * 5000, () => this.#next(i))
    events.at(second, () => this.#restarts(0))
    const limit = second * 3600
    do events.step(limit)
    while (this.#open > 0 || this.#begun < this.#wanted)
    // What is late comes, and then the disks are looked at.
    const end = events.now + 25 * second
    while (events.step(end));
    return { ...this.#counts, seed: this.#seed, ...this.#cluster.end() }
  }

  /** The next case of a client; two share a key. */
  #next(client: number): void {
    if (this.#begun >= this.#wanted) return
    const number = this.#begun++
    this.#open++
    const { draws, events } = this.#cluster.context
    const draw = draws.of('retries', String(number))
    const writer = this.#cluster.workers[client] as Worker
    const other = this.#cluster.workers[writers + draw.below(others)] as Worker
    new RetryCase(this.#planOf(number), {
      context: this.#cluster.context,
      writer,
      other,
      draw,
      counts: this.#counts,
      isOnDisk: write => this.#isOnDisk(write),
      ends: () => {
        this.#open--
        events.after(draw.below(20_000), () => this.#next(client))
      },
    }).begin()
  }

  #planOf(number: number): RetryPlan {
    const draw = this.#cluster.context.draws.of('retries/plan', String(number))
    const key = `k${number >>> 1}` as Key
    const { primaries, fallbacks } = this.#homeOf(key)
    const [owner, ...rest] = draw.shuffled(primaries)
    const first = draw.permille(150) ? draw.pick(fallbacks) : (owner as NodeId)
    const [fails, between] = kinds[number % kinds.length] as (typeof kinds)[0]
    return { key, first, others: rest, fails, between }
  }

  #isOnDisk({ key, op }: Write): boolean {
    if (op === undefined) return false
    return [...this.#cluster.context.machines.values()].some(({ disk }) => {
      return copiesOn(this.#cluster.scene, disk.rows, key).some(({ siblings }) =>
        knowsOp(siblings, op),
      )
    })
  }

  /** One node after another, for as long as cases run. */
  #restarts(index: number): void {
    const { draws, events, machines } = this.#cluster.context
    if (this.#open === 0 && this.#begun >= this.#wanted) return
    const draw = draws.of('retries/restart', String(index))
    const machine = draw.pick([...machines.values()])
    machine.crash('it is restarted', draw.permille(300), draw.between(5, 300) * 1000)
    events.after(draw.between(200, 2500) * 1000, () => this.#restarts(index + 1))
  }
}

const second = 1_000_000
/** More than half of the replies are lost; half of the puts are overwritten before they are repeated. */
const kinds: readonly (readonly [RetryPlan['fails'], RetryPlan['between']])[] = [
  ['reply lost', 'nothing'],
  ['reply lost', 'put'],
  ['reply lost', 'delete'],
  ['request late', 'put'],
  ['reply lost', 'put'],
  ['reply lost', 'delete'],
  ['request late', 'delete'],
  ['request lost', 'nothing'],
]
/** Clients with a case of their own each, and those who overwrite. */
const writers = 48
const others = 8
