/** The writers of the outage: so many puts a second, whatever becomes of them, each a new key. */
import { type Client, KvError } from '../../src/client/index.ts'

export type OutageWrite = {
  readonly key: string
  readonly phase: string
  /** Undefined: it was not acknowledged. */
  acks: readonly string[] | undefined
  needed: number
}

export type PhaseReport = {
  readonly puts: number
  readonly acknowledged: number
  /** By code. */
  readonly failures: Readonly<Record<string, number>>
  readonly p50Ms: number
  readonly p99Ms: number
  readonly maxMs: number
  /** Of the puts that were sent to the pair. */
  readonly viaPairP99Ms: number
}

type Phase = {
  readonly name: string
  readonly viaPair: boolean
  readonly took: number[]
  readonly tookViaPair: number[]
  readonly failures: Record<string, number>
  puts: number
}

const tickMs = 10
const deadlineMs = 5000
const value = 'x'.repeat(100)

export class OutageLoad {
  readonly #client: Client
  readonly #pair: readonly string[]
  readonly #perSecond: number
  readonly #phases: Phase[] = []
  readonly #writes: OutageWrite[] = []
  readonly #open = new Set<Promise<void>>()
  readonly #began = performance.now()
  readonly #timer: NodeJS.Timeout
  #sent = 0

  constructor(client: Client, pair: readonly string[], perSecond: number) {
    this.#client = client
    this.#pair = pair
    this.#perSecond = perSecond
    this.#timer = setInterval(() => this.#tick(), tickMs)
  }

  /** From now on puts count for this phase; `viaPair`: two of five go to the pair itself. */
  begin(name: string, viaPair: boolean): void {
    this.#phases.push({ name, viaPair, took: [], tookViaPair: [], failures: {}, puts: 0 })
  }

  /** Stops, waits for what is under way, and tells what was written. */
  async end(): Promise<readonly OutageWrite[]> {
    clearInterval(this.#timer)
    await Promise.all(this.#open)
    return this.#writes
  }

  reports(): Record<'normal' | 'down' | 'replay', PhaseReport> {
    const of = (name: string) => reportOf(this.#phases.find(phase => phase.name === name) as Phase)
    return { normal: of('normal'), down: of('down'), replay: of('replay') }
  }

  /** As many as are due: who is late catches up, so that the offered load is what was asked. */
  #tick(): void {
    const phase = this.#phases.at(-1)
    if (phase === undefined) return
    const due = Math.floor(((performance.now() - this.#began) / 1000) * this.#perSecond)
    for (; this.#sent < due; this.#sent++) {
      const one = this.#put(phase, this.#sent)
      this.#open.add(one)
      void one.then(() => this.#open.delete(one))
    }
  }

  async #put(phase: Phase, number: number): Promise<void> {
    const write: OutageWrite = { key: `k${number}`, phase: phase.name, acks: undefined, needed: 0 }
    this.#writes.push(write)
    phase.puts++
    const via = phase.viaPair && number % 5 < 2 ? this.#pair[number % 2] : undefined
    const began = performance.now()
    try {
      const options = { timeoutMs: deadlineMs, ...(via === undefined ? {} : { via }) }
      const { outcome } = await this.#client.put(write.key, `${write.key}:${value}`, options)
      write.acks = [...outcome.primaryAcks, ...outcome.fallbackAcks]
      write.needed = outcome.needed
    } catch (problem) {
      if (!(problem instanceof KvError)) throw problem
      phase.failures[problem.code] = (phase.failures[problem.code] ?? 0) + 1
      // A node that is not up yet cannot be asked: the same write goes to whoever is.
      if (via !== undefined) await this.#elsewhere(write, problem)
    }
    const took = performance.now() - began
    phase.took.push(took)
    if (via !== undefined) phase.tookViaPair.push(took)
  }

  async #elsewhere(write: OutageWrite, { outcome }: KvError): Promise<void> {
    const op = outcome?.op === undefined ? {} : { op: outcome.op }
    try {
      const done = await this.#client.put(write.key, `${write.key}:${value}`, {
        timeoutMs: deadlineMs,
        ...op,
      })
      write.acks = [...done.outcome.primaryAcks, ...done.outcome.fallbackAcks]
      write.needed = done.outcome.needed
    } catch (problem) {
      if (!(problem instanceof KvError)) throw problem
    }
  }
}

function reportOf({ took, tookViaPair, failures, puts }: Phase): PhaseReport {
  const failed = Object.values(failures).reduce((sum, count) => sum + count, 0)
  return {
    puts,
    acknowledged: puts - failed,
    failures,
    p50Ms: percentile(took, 0.5),
    p99Ms: percentile(took, 0.99),
    maxMs: percentile(took, 1),
    viaPairP99Ms: percentile(tookViaPair, 0.99),
  }
}

function percentile(samples: readonly number[], part: number): number {
  const sorted = [...samples].sort((a, b) => a - b)
  const at = Math.min(sorted.length - 1, Math.floor(part * sorted.length))
  return Math.round((sorted[at] ?? 0) * 10) / 10
}
