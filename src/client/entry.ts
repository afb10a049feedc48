/** What a read tells: a discriminated union, so that a conflict cannot be overlooked. */
import type { Dot } from '../core/causality/version-vector.ts'
import type { Explained } from '../core/explained.ts'
import type { NodeId, OpId, WallTime } from '../core/ids.ts'
import type { GetReply, ShownVersion } from '../core/message.ts'
import type { Outcome } from '../core/outcome.ts'

/** Opaque: goes back with the next put of the same key. */
export type Context = Uint8Array

/** Where one version comes from, for people to read. */
type Origin = {
  readonly dot: Dot
  readonly op: OpId
  /** Wall time of the coordinator in milliseconds since 1970. */
  readonly at: WallTime
  /** The coordinator. */
  readonly via: NodeId
}

export type Sibling = Origin &
  (
    | { readonly deleted: false; readonly value: Uint8Array }
    | { readonly deleted: true; readonly value: undefined }
  )

type Answered = {
  readonly context: Context
  readonly outcome: Outcome
  /** What the coordinator did, where it was asked for. */
  readonly explained: Explained | undefined
}

export type NotFound = Answered & { readonly found: false }
export type Found = Answered &
  Origin & { readonly found: true; readonly conflict: false; readonly value: Uint8Array }
/** Several versions, none of which knew the others; a tombstone beside a value is one. */
export type Conflict = Answered & {
  readonly found: true
  readonly conflict: true
  readonly siblings: readonly Sibling[]
}
export type Entry = NotFound | Found | Conflict

/** Only tombstones, or nothing: not found. One value: found. Else a conflict. */
export function entryOf({ versions, context, outcome, explained }: GetReply): Entry {
  const only = versions[0]
  if (versions.length === 1 && only?.value !== undefined) {
    // Written out: a spread costs more than the rest of a get does here.
    const { dot, op, at, via, value } = only
    return { context, outcome, explained, dot, op, at, via, found: true, conflict: false, value }
  }
  if (versions.every(version => version.value === undefined)) {
    return { context, outcome, explained, found: false }
  }
  const siblings = versions.map(siblingOf)
  return { context, outcome, explained, found: true, conflict: true, siblings }
}

/** Every live version of an entry, tombstones of a conflict included. */
export function siblingsOf(entry: Entry): readonly Sibling[] {
  if (!entry.found) return []
  if (entry.conflict) return entry.siblings
  const { dot, op, at, via, value } = entry
  return [{ dot, op, at, via, deleted: false, value }]
}

function siblingOf(version: ShownVersion): Sibling {
  const { value } = version
  const origin = originOf(version)
  if (value === undefined) return { ...origin, deleted: true, value }
  return { ...origin, deleted: false, value }
}

function originOf({ dot, op, at, via }: ShownVersion): Origin {
  return { dot, op, at, via }
}
