/** What `kv sim` prints: a sound world in a few lines, a violation as a timeline. */
import type { Result } from '../sim/run.ts'
import { shrink } from '../sim/shrink.ts'
import { describe, faultText, report, timelineOf, timeOf } from '../sim/timeline.ts'
import type { Plan } from '../sim/world.ts'

/** A world in which nothing was violated. */
export function soundLines(plan: Plan, result: Result): readonly string[] {
  return [
    ...describe(plan.options, plan),
    `sound: ${result.calls} calls, ${result.succeeded} succeeded, ${result.entries} events`,
    `trace: ${result.hash}`,
  ]
}

/** Each violation with its timeline. */
export function violationLines(plan: Plan, result: Result, command: string): readonly string[] {
  return result.violations.flatMap(violation => [...report(plan, violation, { command }), ''])
}

/** The first violation in the smallest world that still has it. */
export function shrunkLines(plan: Plan, result: Result, command: string): readonly string[] {
  const first = result.violations[0]
  const small = first && shrink(plan, first.invariant)
  if (small === undefined) return []
  const { faults, operations } = small.plan
  return [
    `smaller, after ${small.runs} runs: ${faults.length} faults of ${plan.faults.length}, ` +
      `${operations.length} operations of ${plan.operations.length}`,
    ...faults.map(
      fault => `  ${timeOf(fault.at)} ${'node' in fault ? fault.node : ''} ${faultText(fault)}`,
    ),
    '',
    ...report(small.plan, small.violation, { command }),
  ]
}

/** Everything that happens, a line an event. */
export function stepLines(plan: Plan): readonly string[] {
  return timelineOf(plan, undefined, Number.POSITIVE_INFINITY)
}
