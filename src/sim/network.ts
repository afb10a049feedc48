/**
 * Every ordered pair of nodes and clients, and what becomes of what is sent from one to the
 * other: how long it takes, whether it is lost, sent twice, held back or cut off. The transports
 * (`stream.ts`, `datagram.ts`) ask; they decide nothing themselves.
 */
import { mutant } from '#mutants'
import type { Draw, Draws } from './draw.ts'
import type { Events, Micros } from './events.ts'
import type { Cut } from './faults.ts'
import type { Intensity, Options } from './options.ts'

/** Which connection of two members: what one asks leaves on its own, and is answered on that one. */
export type Side = 'requests' | 'answers'

export class Pair {
  readonly from: string
  readonly to: string
  /** Messages under way, for a link of little capacity. */
  inFlight = 0
  cuts = 0
  clogs = 0
  /** The same of one of the two connections only. */
  readonly stalls = { requests: 0, answers: 0 }
  /** Types of message that are cut. */
  readonly cutTypes = new Map<string, number>()
  readonly delay: Draw
  readonly chance: Draw

  constructor(from: string, to: string, draws: Draws) {
    this.from = from
    this.to = to
    this.delay = draws.of('net/delay', `${from}>${to}`)
    this.chance = draws.of('net/chance', `${from}>${to}`)
  }
}

export class Network {
  readonly #draws: Draws
  readonly #options: Options
  readonly #events: Events
  readonly #healsAt: Micros
  readonly #pairs = new Map<string, Map<string, Pair>>()
  readonly #onChange: (() => void)[] = []
  #healed = false

  /** `healsAt`: what is late is not later than that, so that healing heals. */
  constructor(options: Options, draws: Draws, events: Events, healsAt: Micros) {
    this.#options = options
    this.#draws = draws
    this.#events = events
    this.#healsAt = healsAt
  }

  pair(from: string, to: string): Pair {
    let row = this.#pairs.get(from)
    if (row === undefined) {
      row = new Map()
      this.#pairs.set(from, row)
    }
    let pair = row.get(to)
    if (pair === undefined) {
      pair = new Pair(from, to, this.#draws)
      row.set(to, pair)
    }
    return pair
  }

  /** Nothing of this type gets through now. */
  isCut(pair: Pair, type?: string): boolean {
    if (mutant(341) && type === 'stored') return false
    return pair.cuts > 0 || (type !== undefined && pair.cutTypes.has(type))
  }

  /** How long one message takes. */
  latency(pair: Pair): Micros {
    const [least, mean] = this.#options.latencyMs
    const usual = least * 1000 + pair.delay.exponential(mean * 1000)
    if (this.#healed || !pair.chance.permille(this.#tailPermille())) return usual
    const most = Math.min(tailMax, Math.max(0, this.#healsAt - this.#events.now))
    return usual + Math.min(most, pair.delay.pareto(300_000))
  }

  isLost(pair: Pair): boolean {
    return !this.#healed && pair.chance.permille(permilleOf(this.#options.faults.loss, lossOf))
  }

  /**
   * Only what may be repeated: that a failure is definite rests on a connection that delivers a
   * put once, as TCP does.
   */
  isTwice(pair: Pair, type: string): boolean {
    const { duplicate } = this.#options.faults
    if (type === 'put' || type === 'forward') return false
    return !this.#healed && pair.chance.permille(permilleOf(duplicate, duplicateOf))
  }

  /** Messages that a link takes at once; one more is dropped. */
  get capacity(): number {
    const { capacity } = this.#options.faults
    if (capacity === undefined || this.#healed) return Number.POSITIVE_INFINITY
    return { rare: 20, medium: 12, storm: 5 }[capacity]
  }

  /** Is what is sent held back for now? */
  isHeld(pair: Pair, side: Side): boolean {
    return pair.clogs > 0 || pair.stalls[side] > 0
  }

  /** Called whenever a link that was cut or held back may be open again. */
  onChange(run: () => void): void {
    this.#onChange.push(run)
  }

  cut(cuts: readonly Cut[], type: string | undefined, by: 1 | -1): void {
    for (const { from, to } of cuts) {
      const pair = this.pair(from, to)
      if (type === undefined) pair.cuts += by
      else {
        const count = (pair.cutTypes.get(type) ?? 0) + by
        if (count === 0) pair.cutTypes.delete(type)
        else pair.cutTypes.set(type, count)
      }
    }
    for (const run of this.#onChange) run()
  }

  clog(cuts: readonly Cut[], by: 1 | -1): void {
    for (const { from, to } of cuts) this.pair(from, to).clogs += by
    for (const run of this.#onChange) run()
  }

  stall({ from, to }: Cut, side: Side, by: 1 | -1): void {
    this.pair(from, to).stalls[side] += by
    for (const run of this.#onChange) run()
  }

  /** From now on nothing is lost, late or sent twice; cuts and clogs end by their own faults. */
  heal(): void {
    this.#healed = true
  }

  #tailPermille(): number {
    return permilleOf(this.#options.faults.tail, tailOf)
  }
}

function permilleOf(on: Intensity | undefined, table: Readonly<Record<Intensity, number>>): number {
  return on === undefined ? 0 : table[on]
}

const lossOf = { rare: 10, medium: 60, storm: 300 }
const duplicateOf = { rare: 10, medium: 100, storm: 500 }
const tailOf = { rare: 3, medium: 10, storm: 100 }
const tailMax = 20_000_000
