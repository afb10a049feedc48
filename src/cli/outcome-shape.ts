/** Outcomes and dots under `--json`: ids in hexadecimal, in success and in failure alike. */
import { hexOf } from '../core/binary.ts'
import type { Dot } from '../core/causality/version-vector.ts'
import type { Outcome } from '../core/outcome.ts'

/** `outcome` of a document. */
export function shownOutcome(outcome: Outcome) {
  const { dot, op, ...rest } = outcome
  return {
    ...rest,
    ...(dot === undefined ? {} : { dot: exactDot(dot) }),
    ...(op === undefined ? {} : { op: hexOf(op) }),
  }
}

/** A dot that can be told from every other: actor in hexadecimal, colon, counter. */
export function exactDot(dot: Dot): string {
  return `${hexOf(dot.actor)}:${dot.counter}`
}

export function isOutcome(value: unknown): value is Outcome {
  if (typeof value !== 'object' || value === null) return false
  return Array.isArray(Reflect.get(value, 'primaryAcks'))
}
