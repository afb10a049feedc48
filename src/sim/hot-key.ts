/**
 * The directed measure behind the bound on pins: one key, many clients that read and write it, and
 * an owner that is cut off for minutes, so that no round can shed what is pinned. Of some puts the
 * first request or its reply is lost, and the client sends them again. What is told: pins and the ends without an
 * answer, before the pins of the key are full, after that, and once it healed.
 */
import { pinsMax } from '../core/causality/pins.ts'
import type { Key, NodeId, OpId } from '../core/ids.ts'
import { copiesOn } from './check/copies.ts'
import type { Micros } from './events.ts'
import { homesOf, nodeNames } from './homes.ts'
import { type Ended, MeasuredCluster } from './measured-cluster.ts'
import { addTallied, nothingTallied, type Tallied } from './tally.ts'
import { plainly, type Worker } from './worker.ts'

export type HotKeyWish = {
  readonly seed: number
  readonly clients: number
  /** Of the split, simulated. */
  readonly seconds: number
  /** Of all clients together. */
  readonly putsPerSecond: number
  /** Of so many of a thousand puts the first request is lost, or its reply. */
  readonly lostPermille: number
}

/** What happened between two instants. */
export type HotKeyPhase = Tallied & { puts: number; acknowledged: number; seconds: number }

export type HotKeyResult = Ended & {
  readonly before: HotKeyPhase
  readonly full: HotKeyPhase
  readonly healed: HotKeyPhase
  /** Of one copy of the key, at most. */
  readonly pinsMost: number
  readonly recordBytesMost: number
  readonly pinBytesMost: number
  /**
   * After the healing, until no pin was left but those of live versions: rounds that ended, and
   * seconds; undefined: some were.
   */
  readonly roundsToShed: number | undefined
  readonly secondsToShed: number | undefined
}

export function runHotKey(wish: HotKeyWish): HotKeyResult {
  return new HotKey(wish).run()
}

/** The type of message that does not arrive. */
type Lost = 'put' | 'wrote'

class HotKey {
  readonly #cluster: MeasuredCluster
  readonly #wish: HotKeyWish
  readonly #phases = [newPhase(), newPhase(), newPhase()] as const
  #phase = 0
  #since: Micros = 0
  #counted = nothingTallied()
  #pinsMost = 0
  #recordBytesMost = 0
  #roundsAtHealing = 0
  #healedAt: Micros | undefined
  #shedAfter: { readonly rounds: number; readonly seconds: number } | undefined

  constructor(wish: HotKeyWish) {
    this.#wish = wish
    this.#cluster = new MeasuredCluster({ seed: wish.seed, clients: wish.clients })
  }

  run(): HotKeyResult {
    const { events } = this.#cluster.context
    const heals = beginsAt + this.#wish.seconds * second
    this.#cluster.start()
    events.at(beginsAt, () => this.#cut(1))
    events.at(heals, () => this.#heal())
    this.#planPuts(beginsAt - second, heals - 5 * second)
    for (let at = beginsAt; at < heals + restSeconds * second; at += sampleMicros) {
      events.at(at, () => this.#sample())
    }
    while (events.step(heals + restSeconds * second));
    this.#turnTo(2)
    const [before, full, healed] = this.#phases
    return {
      ...{ before, full, healed },
      pinsMost: this.#pinsMost,
      recordBytesMost: this.#recordBytesMost,
      pinBytesMost: this.#pinsMost === 0 ? 0 : 2 + 12 * this.#pinsMost,
      roundsToShed: this.#shedAfter?.rounds,
      secondsToShed: this.#shedAfter?.seconds,
      ...this.#cluster.end(),
    }
  }

  /** Each client in turn, at drawn instants. */
  #planPuts(from: Micros, to: Micros): void {
    const { events, draws } = this.#cluster.context
    const draw = draws.of('hot-key')
    const mean = second / this.#wish.putsPerSecond
    for (let at = from; at < to; at += draw.exponential(mean) + 1) {
      const worker = draw.pick(this.#cluster.workers)
      const loses = draw.permille(this.#wish.lostPermille)
        ? draw.pick(['put', 'wrote'] as const)
        : undefined
      events.at(at, () => worker.get(hot, asked, () => this.#put(worker, loses)))
    }
  }

  #put(worker: Worker, loses: Lost | undefined): void {
    const known = worker.newest(hot)
    const write = worker.newWrite(hot, false, known)
    if (loses !== undefined) this.#lose(worker, loses)
    this.#now.puts++
    worker.put(write, known, asked, false, () => {
      if (write.acknowledged) this.#now.acknowledged++
    })
  }

  /** For less than the client waits before it asks another node. */
  #lose({ client: { id } }: Worker, type: Lost): void {
    const { network, events, options } = this.#cluster.context
    const cuts = nodeNames(options).map(node =>
      type === 'put' ? { from: id, to: node } : { from: node, to: id },
    )
    network.cut(cuts, type, 1)
    events.after(deafMicros, () => network.cut(cuts, type, -1))
  }

  /** An owner of the key hears nobody, and nobody hears it. */
  #cut(more: 1 | -1): void {
    const { network, options } = this.#cluster.context
    const [alone] = homesOf(options)(hot).primaries as readonly [NodeId]
    const others = nodeNames(options).filter(node => node !== alone)
    const cuts = others.flatMap(node => [
      { from: alone, to: node },
      { from: node, to: alone },
    ])
    network.cut(cuts, undefined, more)
  }

  #heal(): void {
    this.#cut(-1)
    this.#turnTo(2)
    this.#healedAt = this.#cluster.context.events.now
    this.#roundsAtHealing = this.#rounds()
  }

  #sample(): void {
    const { events, machines } = this.#cluster.context
    let left = 0
    for (const { disk } of machines.values()) {
      for (const { row, siblings } of copiesOn(this.#cluster.scene, disk.rows, hot)) {
        const pins = siblings.pins.length
        // The pin of a live version stays.
        const isLive = (op: OpId) => siblings.versions.some(version => version.op === op)
        left += siblings.pins.filter(op => !isLive(op)).length
        if (pins >= pinsMax && this.#phase === 0) this.#turnTo(1)
        if (pins <= this.#pinsMost) continue
        this.#pinsMost = pins
        this.#recordBytesMost = disk.rows.get(row)?.length ?? 0
      }
    }
    if (this.#healedAt === undefined || this.#shedAfter !== undefined || left > 0) return
    const rounds = this.#rounds() - this.#roundsAtHealing
    this.#shedAfter = { rounds, seconds: (events.now - this.#healedAt) / second }
  }

  get #now(): HotKeyPhase {
    return this.#phases[this.#phase] as HotKeyPhase
  }

  /** What was counted so far belongs to the phase that ends. */
  #turnTo(phase: number): void {
    const { now } = this.#cluster.context.events
    const total = this.#cluster.tally.total()
    addTallied(this.#now, total)
    addTallied(this.#now, negated(this.#counted))
    this.#now.seconds += (now - this.#since) / second
    this.#counted = total
    this.#since = now
    this.#phase = phase
  }

  #rounds(): number {
    let rounds = 0
    for (const { process } of this.#cluster.context.machines.values()) {
      rounds += process?.replica.observe().reaping.rounds ?? 0
    }
    return rounds
  }
}

function newPhase(): HotKeyPhase {
  return { ...nothingTallied(), puts: 0, acknowledged: 0, seconds: 0 }
}

function negated(tallied: Tallied): Tallied {
  const none = nothingTallied()
  for (const name of Object.keys(none) as (keyof Tallied)[]) none[name] = -tallied[name]
  return none
}

const second = 1_000_000
const hot = 'hot' as Key
const asked = plainly('faults', 5000, undefined)
const beginsAt = 10 * second
const restSeconds = 60
const sampleMicros = second / 4
const deafMicros = second
