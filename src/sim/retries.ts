/**
 * The directed measure behind I11 (protocols 8): many puts whose ends their clients never hear,
 * repeated through other coordinators, on the same replicas and sessions as in every world, while
 * nodes restart and messages are lost, doubled and late. `retry-case.ts` is one of them.
 */

import { knowsOp } from '../core/causality/siblings.ts'
import type { Key, NodeId } from '../core/ids.ts'
import type { Checker, Scene } from './check/checker.ts'
import { copiesOn } from './check/copies.ts'
import { newDecoded } from './check/decoded.ts'
import { dotsChecker } from './check/dots.ts'
import { keptChecker } from './check/kept.ts'
import { operationsChecker } from './check/operations.ts'
import { reapedChecker } from './check/reaped.ts'
import { siblingsChecker } from './check/siblings.ts'
import { Unasked } from './check/unasked.ts'
import { type ClientId, SimClient } from './client.ts'
import type { Context } from './context.ts'
import { History, type Write } from './history.ts'
import { type Home, homesOf } from './homes.ts'
import { makeContext } from './make-context.ts'
import { type Options, usualPatienceMs } from './options.ts'
import { RetryCase, type RetryCounts, type RetryPlan } from './retry-case.ts'
import { Worker } from './worker.ts'

export type RetriesResult = RetryCounts & {
  readonly seed: number
  /** Keys on which an operation took effect more than once. */
  readonly duplicates: number
  /** Keys that lost a write that was acknowledged. */
  readonly lost: number
  readonly firstStory: string | undefined
  readonly hash: string
}

/** Injects so many timeouts into one cluster. */
export function runRetries(seed: number, timeouts: number): RetriesResult {
  return new Retries(seed, timeouts).run()
}

class Retries {
  readonly #context: Context
  readonly #history = new History()
  readonly #unasked = new Unasked(this.#history)
  readonly #scene: Scene
  readonly #checkers: readonly Checker[]
  readonly #workers: readonly Worker[]
  readonly #homeOf: (key: Key) => Home
  readonly #wanted: number
  readonly #seed: number
  readonly #failed = new Map<string, Set<Key | undefined>>()
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
  #firstStory: string | undefined

  constructor(seed: number, wanted: number) {
    this.#seed = seed
    this.#wanted = wanted
    const { context, transport } = makeContext(
      optionsOf(seed),
      Number.POSITIVE_INFINITY,
      notice => {
        this.#unasked.hear(notice)
        for (const checker of this.#checkers) checker.onNotice?.(notice)
      },
    )
    this.#context = context
    this.#homeOf = homesOf(context.options)
    const clients = Array.from({ length: writers + others }, (_, i) => {
      return new SimClient(`c${i + 1}` as ClientId, context, transport)
    })
    this.#workers = clients.map(client => new Worker(client, context, this.#history))
    this.#scene = {
      context,
      decoded: newDecoded(),
      history: this.#history,
      clients,
      faults: [],
      dead: new Set<NodeId>(),
      mayReturn: write => this.#unasked.has(write),
      fail: (name: string, key: Key | undefined, story: string) => this.#fail(name, key, story),
    }
    const makers = [dotsChecker, reapedChecker, siblingsChecker, operationsChecker, keptChecker]
    this.#checkers = makers.map(make => make(this.#scene))
  }

  run(): RetriesResult {
    const { events, machines } = this.#context
    for (const [i, machine] of [...machines.values()].entries()) {
      events.at(i * 1000, () => machine.start())
    }
    for (let i = 0; i < writers; i++) events.at(second + i * 5000, () => this.#next(i))
    events.at(second, () => this.#restarts(0))
    const limit = second * 3600
    do events.step(limit)
    while (this.#open > 0 || this.#begun < this.#wanted)
    // What is late comes, and then the disks are looked at.
    const end = events.now + 25 * second
    while (events.step(end));
    for (const checker of this.#checkers) checker.atRest?.()
    const keysOf = (...names: string[]) => {
      return new Set(names.flatMap(name => [...(this.#failed.get(name) ?? [])])).size
    }
    return {
      ...this.#counts,
      seed: this.#seed,
      duplicates: keysOf('I11', 'I2', 'I5'),
      lost: keysOf('I1'),
      firstStory: this.#firstStory,
      hash: this.#context.trace.end(),
    }
  }

  /** The next case of a client; two share a key. */
  #next(client: number): void {
    if (this.#begun >= this.#wanted) return
    const number = this.#begun++
    this.#open++
    const { draws, events } = this.#context
    const draw = draws.of('retries', String(number))
    const writer = this.#workers[client] as Worker
    const other = this.#workers[writers + draw.below(others)] as Worker
    new RetryCase(this.#planOf(number), {
      context: this.#context,
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
    const draw = this.#context.draws.of('retries/plan', String(number))
    const key = `k${number >>> 1}` as Key
    const { primaries, fallbacks } = this.#homeOf(key)
    const [owner, ...rest] = draw.shuffled(primaries)
    const first = draw.permille(150) ? draw.pick(fallbacks) : (owner as NodeId)
    const [fails, between] = kinds[number % kinds.length] as (typeof kinds)[0]
    return { key, first, others: rest, fails, between }
  }

  #isOnDisk({ key, op }: Write): boolean {
    if (op === undefined) return false
    return [...this.#context.machines.values()].some(({ disk }) => {
      return copiesOn(this.#scene, disk.rows, key).some(({ siblings }) => knowsOp(siblings, op))
    })
  }

  /** One node after another, for as long as cases run. */
  #restarts(index: number): void {
    const { draws, events, machines } = this.#context
    if (this.#open === 0 && this.#begun >= this.#wanted) return
    const draw = draws.of('retries/restart', String(index))
    const machine = draw.pick([...machines.values()])
    machine.crash('it is restarted', draw.permille(300), draw.between(5, 300) * 1000)
    events.after(draw.between(200, 2500) * 1000, () => this.#restarts(index + 1))
  }

  #fail(name: string, key: Key | undefined, story: string): void {
    this.#firstStory ??= `${name} on ${key}: ${story}`
    const keys = this.#failed.get(name) ?? new Set()
    this.#failed.set(name, keys)
    keys.add(key)
  }
}

function optionsOf(seed: number): Options {
  return {
    seed,
    shape: 'single',
    seconds: 3600,
    nodes: 5,
    replicas: 3,
    readQuorum: 2,
    writeQuorum: 2,
    partitions: 32,
    transport: 'datagram',
    clients: writers + others,
    keys: 1,
    operations: 0,
    latencyMs: [0, 1],
    flushMs: [0, 2],
    faults: { loss: 'rare', duplicate: 'rare', tail: 'medium' },
    vectorEntries: 1_000_000,
    deadForEver: 0,
    patienceMs: usualPatienceMs,
    layersOff: [],
    hintBytesMax: undefined,
    exchanges: 'usual',
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
