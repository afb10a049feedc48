/**
 * What the directed measures stand on (`retries.ts`, `splits.ts`, `hot-key.ts`): five nodes with
 * three replicas of each key, clients, and the checkers of what an operation may do. Unlike a
 * world it lasts as long as its measure asks for, and counts the keys on which something is wrong.
 */
import type { Key, NodeId } from '../core/ids.ts'
import type { Checker, Scene } from './check/checker.ts'
import { newDecoded } from './check/decoded.ts'
import { dotsChecker } from './check/dots.ts'
import { keptChecker } from './check/kept.ts'
import { operationsChecker } from './check/operations.ts'
import { reapedChecker } from './check/reaped.ts'
import { SecondDots } from './check/second-dots.ts'
import { siblingsChecker } from './check/siblings.ts'
import { type ClientId, SimClient } from './client.ts'
import type { Context } from './context.ts'
import { History } from './history.ts'
import { makeContext } from './make-context.ts'
import type { Notice } from './notice.ts'
import { type Options, usualPatienceMs } from './options.ts'
import { Tally } from './tally.ts'
import { Worker } from './worker.ts'

export class MeasuredCluster {
  readonly context: Context
  readonly history = new History()
  readonly scene: Scene
  readonly tally: Tally
  readonly workers: readonly Worker[]
  readonly #checkers: readonly Checker[]
  readonly #failed = new Map<string, Set<Key | undefined>>()
  #firstStory: string | undefined

  constructor(
    options: Pick<Options, 'seed' | 'clients'> & Partial<Options>,
    onNotice: (notice: Notice) => void = () => {},
  ) {
    const decoded = newDecoded()
    const secondDots = new SecondDots(this.history, decoded)
    const made = makeContext({ ...usual, ...options }, Number.POSITIVE_INFINITY, notice => {
      secondDots.hear(notice)
      this.tally.hear(notice)
      for (const checker of this.#checkers) checker.onNotice?.(notice)
      onNotice(notice)
    })
    const { context, transport } = made
    this.context = context
    this.tally = new Tally(context)
    const clients = Array.from({ length: options.clients }, (_, i) => {
      return new SimClient(`c${i + 1}` as ClientId, context, transport)
    })
    this.workers = clients.map(client => new Worker(client, context, this.history))
    this.scene = {
      context,
      decoded,
      history: this.history,
      clients,
      faults: [],
      dead: new Set<NodeId>(),
      mayReturn: (write, beside) => secondDots.mayReturn(write, beside),
      fail: (name, key, story) => this.#fail(name, key, story),
    }
    const makers = [dotsChecker, reapedChecker, siblingsChecker, operationsChecker, keptChecker]
    this.#checkers = makers.map(make => make(this.scene))
  }

  start(): void {
    const { events, machines } = this.context
    for (const [i, machine] of [...machines.values()].entries()) {
      events.at(i * 1000, () => machine.start())
    }
  }

  /** Nothing is asked any more and what was late has come: what is wrong, and the run's hash. */
  end(): Ended {
    for (const checker of this.#checkers) checker.atRest?.()
    return {
      duplicates: this.#keysOf('I11', 'I2', 'I5'),
      lost: this.#keysOf('I1'),
      firstStory: this.#firstStory,
      hash: this.context.trace.end(),
    }
  }

  #keysOf(...names: string[]): number {
    return new Set(names.flatMap(name => [...(this.#failed.get(name) ?? [])])).size
  }

  #fail(name: string, key: Key | undefined, story: string): void {
    this.#firstStory ??= `${name} on ${key}: ${story}`
    const keys = this.#failed.get(name) ?? new Set()
    this.#failed.set(name, keys)
    keys.add(key)
  }
}

export type Ended = {
  /** Keys on which an operation took effect more than once, or something came back. */
  readonly duplicates: number
  /** Keys that lost a write that was acknowledged. */
  readonly lost: number
  readonly firstStory: string | undefined
  readonly hash: string
}

const usual: Omit<Options, 'seed' | 'clients'> = {
  shape: 'single',
  seconds: 3600,
  nodes: 5,
  replicas: 3,
  readQuorum: 2,
  writeQuorum: 2,
  partitions: 32,
  transport: 'datagram',
  keys: 1,
  operations: 0,
  latencyMs: [0, 2],
  flushMs: [0, 2],
  faults: {},
  vectorEntries: 1_000_000,
  deadForEver: 0,
  layersOff: [],
  hintBytesMax: undefined,
  disks: undefined,
  exchanges: 'usual',
  patienceMs: usualPatienceMs,
}
