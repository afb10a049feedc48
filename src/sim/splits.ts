/**
 * The directed measure behind "an operation takes effect once" under splits: plain puts as a split
 * begins, whose clients send them again by themselves, and then many later writes by others who
 * saw them, before it heals. On the same replicas and sessions as in every world, with clocks and
 * links of their own and no other fault. Nothing is left out: whatever comes back is told, but for
 * a second dot of which its coordinator could ask too few owners; those are counted.
 */
import type { Key, NodeId } from '../core/ids.ts'
import type { Write } from './history.ts'
import { nodeNames } from './homes.ts'
import { type Ended, MeasuredCluster } from './measured-cluster.ts'
import { overwrite } from './overwriting.ts'
import { type Asked, plainly, type Worker } from './worker.ts'

export type SplitsResult = Ended & {
  readonly seed: number
  readonly puts: number
  /** Of them: not heard of at their end. */
  readonly unknown: number
  /** Told from the nodes: second sends that made a dot, of them with too few owners to ask. */
  readonly secondDots: number
  readonly unasked: number
  readonly pinned: number
  readonly shed: number
  /** Pins that owners still hold, and second sends that found the pins of a key full. */
  readonly pinsLeft: number
  readonly full: number
}

/** So many splits, one after another, and so many puts as each begins. */
export function runSplits(seed: number, splits: number, puts: number): SplitsResult {
  return new Splits(seed, splits, puts).run()
}

class Splits {
  readonly #cluster: MeasuredCluster
  readonly #seed: number
  readonly #splits: number
  readonly #puts: number
  #unknown = 0

  constructor(seed: number, splits: number, puts: number) {
    this.#seed = seed
    this.#splits = splits
    this.#puts = puts
    this.#cluster = new MeasuredCluster({ seed, clients: clientCount })
  }

  run(): SplitsResult {
    const { events, machines } = this.#cluster.context
    this.#cluster.start()
    for (let i = 0; i < this.#splits; i++)
      events.at(second * (10 + i * eachSeconds), () => this.#split(i))
    const end = second * (10 + this.#splits * eachSeconds + restSeconds)
    while (events.step(end));
    const ended = this.#cluster.end()
    const { dots, unasked, pinned, full, shed } = this.#cluster.tally.total()
    let pinsLeft = 0
    for (const { process } of machines.values()) {
      pinsLeft += process?.replica.observe().reaping.pins ?? 0
    }
    const puts = this.#splits * this.#puts
    const told = { secondDots: dots, unasked, pinned, shed, pinsLeft, full }
    return { seed: this.#seed, puts, unknown: this.#unknown, ...told, ...ended }
  }

  /** One node is cut off while every key is put; all others go on writing. */
  #split(number: number): void {
    const { network, events, draws, options } = this.#cluster.context
    const draw = draws.of('splits', String(number))
    const nodes = nodeNames(options)
    const alone = draw.pick(nodes)
    const cuts = nodes
      .filter(node => node !== alone)
      .flatMap(node => [
        { from: alone, to: node },
        { from: node, to: alone },
      ])
    for (let i = 0; i < this.#puts; i++) this.#case(`s${number}k${i}`, alone)
    events.after(settledMs * ms, () => network.cut(cuts, undefined, 1))
    events.after(draw.between(18_000, 24_000) * ms, () => network.cut(cuts, undefined, -1))
  }

  /** A key is put before, put as the split begins, and overwritten 8 to 30 times by another client. */
  #case(name: string, alone: NodeId): void {
    const { events, draws } = this.#cluster.context
    const draw = draws.of('splits/case', name)
    const key = name as Key
    const [writer, other] = draw.shuffled(this.#cluster.workers) as [Worker, Worker]
    const strict = draw.permille(500)
    const later = draw.between(8, 30)
    const deletes = draw.permille(500)
    const asked = { ...plainly('faults', 5000, undefined), strict }
    const first = writer.newWrite(key, false, undefined)
    writer.put(first, undefined, asked, false, () => undefined)
    events.after((settledMs + draw.between(-60, 30)) * ms, () => {
      const known = draw.permille(700) ? writer.newest(key) : undefined
      // Some ask the node that is cut off; the others go where their sessions choose.
      const via = draw.permille(500) ? alone : undefined
      const timeoutMs = via === undefined ? 5000 : 1500
      this.#put(writer, writer.newWrite(key, false, known), { ...asked, via, timeoutMs }, 2)
    })
    const from = draw.between(settledMs + 2500, settledMs + 6000)
    events.after(from * ms, () => overwrite(other, key, { left: later, deletes }))
  }

  /** As an application does: an end that it did not hear is followed by the same once more. */
  #put(worker: Worker, write: Write, asked: Asked, left: number, again = false): void {
    const known = worker.newest(write.key)
    const told = known !== undefined && write.saw === known.saw ? known : undefined
    worker.put(write, told, asked, again, call => {
      const { result } = call
      if (result?.type !== 'failed' || result.failure.outcome.definite) return
      if (left === 0) {
        this.#unknown++
        return
      }
      this.#put(worker, write, { ...asked, via: undefined, timeoutMs: 5000 }, left - 1, true)
    })
  }
}

const ms = 1000
const second = 1_000_000
const clientCount = 12
const settledMs = 3000
const eachSeconds = 45
const restSeconds = 45
