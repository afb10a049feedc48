/** Shapes in which outcomes, dots and versions are shown, in text and under `--json`. */
import type { Entry } from '../client/index.ts'
import { hexOf } from '../core/binary.ts'
import type { Dot } from '../core/causality/version-vector.ts'
import type { NodeId, Token, WallTime } from '../core/ids.ts'
import type { Outcome } from '../core/outcome.ts'
import { contextToken, encodedValue } from './encoding.ts'
import { exactDot, shownOutcome } from './outcome-shape.ts'
import { counted } from './render.ts'
import { oneLine, textOf } from './visible.ts'

/** A live version of a key as a client sees it; an undefined value is a tombstone. */
export type Version = {
  readonly value: Uint8Array | undefined
  readonly dot: Dot
  readonly at: WallTime
  readonly via: NodeId
}

/** What a put or a delete did. */
export function shownWrite(written: {
  readonly context: Uint8Array
  readonly siblings: number
  readonly outcome: Outcome
}) {
  const { context, siblings, outcome } = written
  return { context: contextToken(context), siblings, outcome: shownOutcome(outcome) }
}

/** What a get found. */
export function shownEntry(entry: Entry) {
  const { context, outcome } = entry
  const tail = { context: contextToken(context), outcome: shownOutcome(outcome) }
  if (!entry.found) return { found: false, ...tail }
  if (entry.conflict) {
    return { found: true, conflict: true, siblings: entry.siblings.map(shownSibling), ...tail }
  }
  return { found: true, conflict: false, ...encodedValue(entry.value), ...tail }
}

/** A token's place on the ring, 0 to 1. */
export function fractionOf(token: Token): number {
  return Number.parseInt(hexOf(token.slice(0, 6)), 16) / 2 ** 48
}

/** A dot for people: the node that issued it, the first letters of its actor, the counter. */
export function shortDot(dot: Dot, via: NodeId): string {
  return `${via}·${hexOf(dot.actor).slice(0, 2)}:${dot.counter}`
}

/** One of `siblings` in a document. */
function shownSibling(version: Version): unknown {
  const { value, dot, at, via } = version
  const shown = value === undefined ? {} : encodedValue(value)
  const time = new Date(at).toISOString()
  return { ...shown, deleted: value === undefined, dot: exactDot(dot), at: time, via }
}

/** The siblings as a list for people: number, value, dot, time, node. */
export function siblingRows(versions: readonly Version[]): readonly (readonly string[])[] {
  return versions.map(({ value, dot, at, via }, i) => [
    `  ${i + 1}`,
    value === undefined ? '(deleted)' : shortValue(value),
    shortDot(dot, via),
    new Date(at).toISOString().slice(11, 19),
    `via ${via}`,
  ])
}

/** `2 acks (n1 n3)`. */
export function shownAcks({ primaryAcks, fallbackAcks }: Outcome): string {
  const nodes = [...primaryAcks, ...fallbackAcks]
  return `${counted(nodes.length, 'ack')} (${nodes.join(' ')})`
}

/** Who stood in for whom at a write, and what follows from it; undefined where nobody did. */
export function writeNote({ primaryAcks, fallbackAcks, hinted }: Outcome): string | undefined {
  if (fallbackAcks.length === 0 && hinted.length === 0) return undefined
  const owners = hinted.join(', ')
  const role = hinted.length === 0 ? ' (standing in)' : ` (for ${owners})`
  const fallbacks = fallbackAcks.length === 0 ? [] : [fallbackAcks.join(', ') + role]
  const written = `written to ${[...primaryAcks, ...fallbacks].join(', ')}`
  if (hinted.length === 0) return written
  return `${written}; ${owners} will get it when ${hinted.length === 1 ? 'it is' : 'they are'} back`
}

/** Who stood in for whom at a read; undefined where nobody did. */
export function readNote({ primaryAcks, fallbackAcks }: Outcome): string | undefined {
  if (fallbackAcks.length === 0) return undefined
  const answered = [...primaryAcks, `${fallbackAcks.join(', ')} (standing in)`].join(', ')
  return `answered by ${answered}: what only an owner holds that is away is not in it`
}

/** What a get could not promise; undefined where it could. */
export function readWarning(key: string, { unrepaired }: Outcome): string | undefined {
  if (!unrepaired) return undefined
  return `${key}: too few owners are known to hold this (unrepaired), so a later get may find less`
}

function shortValue(value: Uint8Array): string {
  const text = textOf(value.subarray(0, shortBytes))
  if (text === undefined || value.length > shortBytes) return counted(value.length, 'byte')
  return oneLine(text, shownChars)
}

const shortBytes = 200
const shownChars = 60
