/**
 * Makes a failing world smaller: whole kinds of faults, then single faults, clients, keys and
 * operations are left out, and a step is kept only where the same invariant still fails. Keyed
 * draws (`draw.ts`) make each of them leave the rest of the world as it was.
 */
import type { Violation } from './check/checker.ts'
import type { FaultKind } from './options.ts'
import { type Plan, World } from './world.ts'

export type Shrunk = {
  readonly plan: Plan
  readonly violation: Violation
  readonly runs: number
}

/** The violation of this invariant, where the plan makes one. */
export type Fails = (plan: Plan, invariant: string) => Violation | undefined

/** The smallest plan found within the budget; undefined where the plan does not fail so. */
export function shrink(
  plan: Plan,
  invariant: string,
  budget = runsMax,
  fails: Fails = violationIn,
): Shrunk | undefined {
  const violation = fails(plan, invariant)
  if (violation === undefined) return undefined
  const search = new Search(plan, violation, budget, fails)
  for (const kind of Object.keys(plan.options.faults) as FaultKind[]) search.withoutKind(kind)
  search.reduce('faults')
  for (const client of new Set(plan.operations.map(one => one.client))) {
    search.keepOperations(one => one.client !== client)
  }
  for (const key of new Set(plan.operations.map(one => one.key))) {
    search.keepOperations(one => one.key !== key)
  }
  search.reduce('operations')
  search.reduce('faults')
  search.shorten()
  return { plan: search.plan, violation: search.violation, runs: search.runs }
}

/** Runs the plan's world until the invariant is violated. */
function violationIn(plan: Plan, invariant: string): Violation | undefined {
  const world = new World(plan, { stopsOn: [invariant] })
  world.run()
  return world.violations.find(violation => violation.invariant === invariant)
}

class Search {
  plan: Plan
  violation: Violation
  runs = 1
  readonly #budget: number
  readonly #fails: Fails

  constructor(plan: Plan, violation: Violation, budget: number, fails: Fails) {
    this.#fails = fails
    this.plan = plan
    this.violation = violation
    this.#budget = budget
  }

  withoutKind(kind: FaultKind): void {
    const { [kind]: _, ...faults } = this.plan.options.faults
    this.#try({
      ...this.plan,
      options: { ...this.plan.options, faults },
      faults: this.plan.faults.filter(fault => fault.kind !== kind),
    })
  }

  keepOperations(keeps: (one: Plan['operations'][0]) => boolean): void {
    const operations = this.plan.operations.filter(keeps)
    if (operations.length < this.plan.operations.length) this.#try({ ...this.plan, operations })
  }

  /** Leaves out ever smaller parts of a list, for as long as that is of use (ddmin). */
  reduce(list: 'faults' | 'operations'): void {
    for (let size = Math.ceil(this.plan[list].length / 2); size >= 1; size = Math.floor(size / 2)) {
      for (let from = 0; from < this.plan[list].length && this.runs < this.#budget; ) {
        const all: readonly unknown[] = this.plan[list]
        const left = [...all.slice(0, from), ...all.slice(from + size)]
        if (!this.#try({ ...this.plan, [list]: left })) from += size
      }
    }
  }

  /** Heals soon after the last thing that happens. */
  shorten(): void {
    const { faults, operations } = this.plan
    const last = Math.max(0, ...faults.map(fault => fault.at), ...operations.map(one => one.at))
    const healsAt = last + 1_000_000
    if (healsAt < this.plan.healsAt) this.#try({ ...this.plan, healsAt })
  }

  #try(plan: Plan): boolean {
    if (this.runs >= this.#budget) return false
    this.runs++
    const violation = this.#fails(plan, this.violation.invariant)
    if (violation === undefined) return false
    this.plan = plan
    this.violation = violation
    return true
  }
}

const runsMax = 300
