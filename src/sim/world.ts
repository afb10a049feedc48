/**
 * One world: machines, clients, a network, a list of faults and a list of operations, and one
 * loop that does whatever is next. Four phases: it starts; faults come and go while safety is
 * watched; what heals must serve every call; every node starts once more and all is looked at
 * again.
 */
import type { Key, NodeId } from '../core/ids.ts'
import { makeCheckers } from './check/all.ts'
import type { Checker, Violation } from './check/checker.ts'
import { newDecoded } from './check/decoded.ts'
import { SecondDots } from './check/second-dots.ts'
import { SimClient } from './client.ts'
import type { Context } from './context.ts'
import { Draws } from './draw.ts'
import type { Micros } from './events.ts'
import { type Fault, makeFaults } from './faults.ts'
import { History, valueSizesOf } from './history.ts'
import { nodeNames } from './homes.ts'
import { makeLateRetries } from './late-retries.ts'
import { lastListing, listKeys, makeListings } from './lister.ts'
import { makeContext } from './make-context.ts'
import { Nemesis } from './nemesis.ts'
import type { Notice } from './notice.ts'
import { drawOptions, type Options, type Wishes } from './options.ts'
import { Tally } from './tally.ts'
import { Worker } from './worker.ts'
import { clientNames, keyNames, makeOperations, type Operation } from './workload.ts'

/** All that a run depends on. */
export type Plan = {
  readonly options: Options
  readonly faults: readonly Fault[]
  readonly operations: readonly Operation[]
  readonly healsAt: Micros
}

/** What a run is watched for. */
export type Seen = {
  readonly onNotice?: (notice: Notice, at: Micros) => void
  /** The run ends once one of these invariants is violated. */
  readonly stopsOn?: readonly string[]
}

/** What a seed says, before anything runs. */
export function planOf(seed: number, wishes: Wishes = {}): Plan {
  const draws = new Draws(seed)
  const options = drawOptions(seed, draws, wishes)
  const healsAt = Math.max(5, options.seconds - afterSeconds) * second
  const names = { nodes: nodeNames(options), clients: clientNames(options) }
  const end = healsAt - second / 2
  const faults = makeFaults(options, draws, names, startSeconds * second, end)
  const late = makeLateRetries(options, draws, faults, end)
  const operations = [...makeOperations(options, draws, second, end), ...late]
  operations.sort((a, b) => a.at - b.at || a.number - b.number)
  return { options, faults, operations, healsAt }
}

export class World {
  readonly violations: Violation[] = []
  readonly context: Context
  readonly history: History
  readonly tally: Tally
  readonly #plan: Plan
  readonly #workers: readonly Worker[]
  readonly #checkers: readonly Checker[]
  readonly #nemesis: Nemesis
  readonly #dead: ReadonlySet<NodeId>
  readonly #secondDots: SecondDots
  readonly #seen: Seen
  readonly #failed = new Set<string>()
  #stopped = false

  constructor(plan: Plan, seen: Seen = {}) {
    const { options } = plan
    this.#plan = plan
    this.#seen = seen
    this.history = new History(valueSizesOf(options))
    const made = makeContext(options, plan.healsAt, notice => this.#notice(notice))
    const { context, transport } = made
    this.context = context
    this.tally = new Tally(context)
    const clients = clientNames(options).map(id => new SimClient(id, context, transport))
    this.#workers = clients.map(client => new Worker(client, context, this.history))
    this.#nemesis = new Nemesis(context, transport, plan.faults)
    this.#dead = new Set(
      context.draws.of('dead').shuffled(nodeNames(options)).slice(0, options.deadForEver),
    )
    const decoded = newDecoded()
    this.#secondDots = new SecondDots(this.history, decoded)
    this.#checkers = makeCheckers({
      context,
      decoded,
      history: this.history,
      clients,
      faults: plan.faults,
      dead: this.#dead,
      mayReturn: (write, beside) => this.#secondDots.mayReturn(write, beside),
      fail: (invariant, key, story) => this.#fail(invariant, key, story),
    })
  }

  /** Runs to the end, or to an instant; returns the hash of all that happened. */
  run(until = Number.POSITIVE_INFINITY): string {
    const { events } = this.context
    const end = this.#schedule()
    while (!this.#stopped && events.step(Math.min(until, end)));
    return this.context.trace.end()
  }

  /** All phases are planned at the beginning. Returns when the last one ends. */
  #schedule(): Micros {
    const { events } = this.context
    const { healsAt, operations } = this.#plan
    for (const [i, machine] of [...this.context.machines.values()].entries()) {
      events.at(i * 1000, () => machine.start())
    }
    this.#nemesis.plan()
    const workers = new Map(this.#workers.map(worker => [worker.client.id, worker]))
    for (const operation of operations) {
      const worker = workers.get(operation.client)
      const other = workers.get(operation.later?.by ?? operation.client)
      events.at(operation.at, () => worker?.do(operation, other))
    }
    for (const { at, client, ...wish } of makeListings(this.context.draws, second, healsAt)) {
      events.at(at, () => this.#list(client, wish))
    }
    events.at(healsAt, () => this.#heal())
    const probes = healsAt + 5 * second + this.#planDeletes(healsAt + 5 * second)
    this.#planProbes(probes)
    // All primaries are equal within 10 s and two cycles of exchanges (design §7.3).
    const exchanges = !this.#plan.options.layersOff.includes('exchange')
    // Calls for a key that cannot travel go on to their deadline.
    const rest = probes + (exchanges || this.#isSmall ? 37 : 12) * second
    events.at(rest, () => this.#rest())
    for (const [i, machine] of [...this.context.machines.values()].entries()) {
      events.at(rest + i * 100_000, () => machine.crash('it is restarted', false, 50_000))
    }
    this.#planReads(rest + 3 * second)
    events.at(rest + 3 * second, () => this.#list(0, lastListing))
    const end = rest + 7 * second
    events.at(end, () => this.#rest())
    return end + second / 2
  }

  /** Has it small frames? */
  get #isSmall(): boolean {
    return this.#plan.options.frameBytes !== undefined
  }

  #heal(): void {
    for (const id of this.#dead) {
      const machine = this.context.machines.get(id)
      if (machine === undefined) continue
      machine.buried = true
      machine.crash('it stays dead', false, undefined)
    }
    this.#nemesis.heal()
  }

  /** On disks that only deletes empty everything is deleted. Returns how long that takes. */
  #planDeletes(from: Micros): Micros {
    if (this.#plan.options.disks?.emptied !== true) return 0
    const keys = keyNames(this.#plan.options)
    for (const [i, key] of keys.entries()) {
      const worker = this.#workers[i % this.#workers.length]
      this.context.events.at(from + i * 30_000, () => worker?.empty(key))
    }
    return keys.length * 30_000 + 5 * second
  }

  /** Bounded liveness: keys that were written, up to thirty, each by a client of its own. */
  #planProbes(from: Micros): void {
    for (const [i, key] of keyNames(this.#plan.options).slice(0, probedKeys).entries()) {
      const worker = this.#workers[i % this.#workers.length]
      this.context.events.at(from + i * 50_000, () => worker?.probe(key, 'healed'))
    }
  }

  /** Every key is read at every node that lives. */
  #planReads(from: Micros): void {
    const { events } = this.context
    const usual = keyNames(this.#plan.options).slice(0, probedKeys)
    const late = this.#plan.operations.flatMap(({ key, later }) => (later === undefined ? [] : key))
    for (const [i, key] of [...usual, ...late].entries()) {
      for (const [j, id] of nodeNames(this.#plan.options).entries()) {
        if (this.#dead.has(id)) continue
        const worker = this.#workers[(i + j) % this.#workers.length]
        events.at(from + i * 20_000 + j * 3000, () => worker?.readAt(key as Key, id, 'after'))
      }
    }
  }

  #list(client: number, wish: Parameters<typeof listKeys>[2]): void {
    const worker = this.#workers[client % this.#workers.length]
    if (worker !== undefined) listKeys(this.context, worker.client, wish)
  }

  #rest(): void {
    for (const checker of this.#checkers) checker.atRest?.()
  }

  #notice(notice: Notice): void {
    this.#seen.onNotice?.(notice, this.context.events.now)
    if (notice.type === 'effect' && notice.effect.type === 'send') {
      this.#nemesis.saw(notice.effect.message)
    }
    this.#secondDots.hear(notice)
    this.tally.hear(notice)
    for (const checker of this.#checkers) checker.onNotice?.(notice)
  }

  /** The first violation of each invariant is kept. */
  #fail(invariant: string, key: Key | undefined, story: string): void {
    if (this.#failed.has(invariant)) return
    this.#failed.add(invariant)
    if (this.#seen.stopsOn?.includes(invariant)) this.#stopped = true
    this.violations.push({ invariant, key, at: this.context.events.now, story })
  }
}

const second = 1_000_000
const startSeconds = 3
/** Healing, probes, rest, restarts and reads come on top of the faults. */
const afterSeconds = 24
const probedKeys = 30
