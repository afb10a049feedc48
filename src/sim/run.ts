/** One seed, one world, one result. */
import { takeNoted } from '#mutants'
import type { Violation } from './check/checker.ts'
import type { Intensities, Options, Wishes } from './options.ts'
import type { Tallied } from './tally.ts'
import { type Plan, planOf, type Seen, World } from './world.ts'

export type Result = {
  readonly seed: number
  readonly options: Options
  readonly hash: string
  /** Ordered by the time at which they were seen; the first of each invariant. */
  readonly violations: readonly Violation[]
  readonly calls: number
  readonly succeeded: number
  readonly faults: number
  /** What its nodes counted of second sends and pins. */
  readonly tallied: Tallied
  /** Messages, flushes and replies in the trace. */
  readonly entries: number
  /** Rare paths that were taken, where this build notes them. */
  readonly noted: readonly string[]
}

export function runSeed(seed: number, wishes: Wishes = {}): Result {
  return runPlan(planOf(seed, wishes))
}

export function runPlan(plan: Plan, seen: Seen = {}): Result {
  takeNoted()
  const world = new World(plan, seen)
  const hash = world.run()
  const { calls } = world.history
  return {
    seed: plan.options.seed,
    options: plan.options,
    hash,
    violations: world.violations,
    calls: calls.length,
    succeeded: calls.filter(call => call.result?.type === 'done').length,
    faults: plan.faults.length,
    tallied: world.tally.total(),
    entries: world.context.trace.entries,
    noted: takeNoted(),
  }
}

export function faultLine(faults: Intensities): string {
  const all = Object.entries(faults).map(([kind, intensity]) => `${kind} ${intensity}`)
  return all.length === 0 ? 'no faults but a rolling restart' : all.join(', ')
}
