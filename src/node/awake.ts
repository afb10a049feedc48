/**
 * A process that was stopped (SIGSTOP, a laptop that sleeps) wakes with all its timers due and
 * has waited for nobody. What looks at the clock to find that another is late, or that it was
 * itself away, asks here.
 */
import type { Instant } from '../core/ids.ts'

export type LoopClock = {
  readonly now: () => number
  /** Calls again and again, until what is returned is called. */
  readonly every: (ms: number, tick: () => void) => () => void
}

/**
 * Calls `late` once this process was awake for so long: between two looks at the clock no more
 * counts than twice what should lie between them. Returns what calls it off.
 */
export function afterAwake(ms: number, late: () => void, clock = systemClock): () => void {
  const everyMs = Math.min(1000, ms / looks)
  let last = clock.now()
  let awakeMs = 0
  const stop = clock.every(everyMs, () => {
    const now = clock.now()
    awakeMs += Math.min(now - last, 2 * everyMs)
    last = now
    if (awakeMs < ms) return
    stop()
    late()
  })
  return stop
}

/** Was this process stopped between two steps? One that was busy used the processor meanwhile. */
export class SleepWatch {
  readonly #cpuMs: () => number
  #endedAt: Instant | undefined
  #sampledAt = Number.NEGATIVE_INFINITY
  #sampledCpuMs = 0

  constructor(cpuMs: () => number = processCpuMs) {
    this.#cpuMs = cpuMs
  }

  /** A step begins: true if nothing ran for seconds before it. */
  slept(now: Instant): boolean {
    if (this.#endedAt === undefined || now - this.#endedAt <= sleptMs) return false
    return this.#cpuMs() - this.#sampledCpuMs < (now - this.#sampledAt) / 2
  }

  /** A step ended. */
  ended(now: Instant): void {
    this.#endedAt = now
    if (now < this.#sampledAt + sampleMs) return
    this.#sampledAt = now
    this.#sampledCpuMs = this.#cpuMs()
  }
}

function processCpuMs(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

const systemClock: LoopClock = {
  now: () => performance.now(),
  every: (ms, tick) => {
    const timer = setInterval(tick, ms)
    return () => clearInterval(timer)
  },
}
const looks = 30
/** Two steps of a process that runs are never so far apart. */
const sleptMs = 3000
/** How often the processor's time is asked for: it costs about as much as a small step. */
const sampleMs = 200
