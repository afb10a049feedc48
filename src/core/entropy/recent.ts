/**
 * The changes of the last seconds (antientropy §3.6): two members that are asked for their sums
 * have not heard of the same writes. So both leave out what was written after a moment a few
 * seconds back, and compare what they held then.
 */
import { mutant } from '#mutants'
import type { Instant } from '../ids.ts'
import type { RowKey } from '../step.ts'
import type { Change, Cut } from './change.ts'
import type { ExchangeTiming } from './timing.ts'

export class Recent {
  readonly #timing: ExchangeTiming
  /** In the order in which they were durable; those before `#first` are forgotten. */
  #changes: Change[] = []
  #first = 0
  /** The last one of each row. */
  readonly #last = new Map<RowKey, Change>()

  constructor(timing: ExchangeTiming) {
    this.#timing = timing
  }

  /** Changes that are remembered. */
  get size(): number {
    return this.#changes.length - this.#first
  }

  /** A change is durable. */
  add(change: Change, now: Instant): void {
    const earlier = this.#last.get(change.row)
    // What came behind another change of the row is left out with it: a row has one state.
    if (earlier !== undefined) change.stamp = Math.max(change.stamp, earlier.stamp)
    change.durableAt = now
    this.#changes.push(change)
    this.#last.set(change.row, change)
    if (this.size > changesMax) this.#forget()
  }

  /** Forgets what is too old to matter. */
  tick(now: Instant): void {
    // As far back as the longest comparison looks.
    const { cutAgeMs, skewMs, passMsMax } = this.#timing
    const oldest = now - cutAgeMs - skewMs - passMsMax
    while (this.size > 0 && (this.#changes[this.#first] as Change).durableAt < oldest) {
      this.#forget()
    }
  }

  /** Was this row changed so lately that other members need not know? */
  has(row: RowKey, now: Instant): boolean {
    const last = this.#last.get(row)
    return last !== undefined && last.durableAt > now - this.#timing.cutAgeMs - this.#timing.skewMs
  }

  /** Was this row changed in the last half minute? */
  remembers(row: RowKey): boolean {
    return this.#last.has(row)
  }

  /** What a cut leaves out, oldest first. */
  after(cut: Cut, now: Instant): readonly Change[] {
    const left: Change[] = []
    const oldest = now - cut.ageMs - this.#timing.skewMs
    for (let i = this.#changes.length - 1; i >= this.#first; i--) {
      const change = this.#changes[i] as Change
      if (change.durableAt < oldest) break
      if (change.stamp > cut.stamp) left.push(change)
    }
    return left.reverse()
  }

  #forget(): void {
    const change = this.#changes[this.#first] as Change
    this.#first++
    if (this.#last.get(change.row) === change) this.#last.delete(change.row)
    if (this.#first < 1024 || this.#first < this.size) return
    this.#changes = this.#changes.slice(this.#first)
    this.#first = 0
  }
}

/** The state of rows as of a cut: what each was before the first change that is left out. */
export function statesBefore(left: Iterable<Change>): ReadonlyMap<RowKey, Change> {
  const states = new Map<RowKey, Change>()
  if (mutant(23)) return states
  for (const change of left) if (!states.has(change.row)) states.set(change.row, change)
  return states
}

/** About 20 MB; past it the oldest are forgotten, and some writes in flight look like differences. */
const changesMax = 131_072
