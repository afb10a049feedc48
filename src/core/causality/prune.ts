/**
 * The emergency limit of a version vector (Dynamo §4.4 cuts at 10 by time; design §2): past 50
 * entries the coordinator of a put drops some. Never one with a live version, nor one whose
 * version this put supersedes, for the other replicas still show it; and none at all beside a
 * tombstone, so nothing is lost (protocols 7). A replica that was away may bring back a sibling
 * that had been settled. A vector entry has no age: those of actors that still issue
 * dots here go last, the others in the order of their random bits.
 */
import { mutant } from '#mutants'
import type { ActorField } from './actor.ts'
import { isOfFamily } from './actor.ts'
import type { Siblings, Version } from './siblings.ts'
import { compareDots, type Dot } from './version-vector.ts'

export const vectorEntriesMax = 50

export type Pruned = {
  readonly siblings: Siblings
  /** Of the row; gone where an actor of its family was dropped. */
  readonly field: ActorField | undefined
  readonly dropped: number
}

/** What a put made of its base, with at most so many vector entries, where any may be dropped. */
export function prune(
  siblings: Siblings,
  base: Siblings,
  field: ActorField | undefined,
  newest: Version | undefined,
  entriesMax: number,
): Pruned {
  const { vector, versions } = siblings
  const excess = vector.length - entriesMax
  const kept = { siblings, field, dropped: 0 }
  if (excess <= 0) return kept
  if (mutant(26)) return dropping(siblings, field, newest === undefined ? [] : [newest.dot])
  const shown = [...versions, ...base.versions]
  if (shown.some(({ tombstone }) => tombstone)) return kept
  const isLive = (entry: Dot) => shown.some(({ dot }) => dot.actor === entry.actor)
  const idle = vector.filter(entry => !isLive(entry))
  const isOwn = (entry: Dot) => field !== undefined && isOfFamily(field, entry.actor)
  const inOrder = [...idle.filter(entry => !isOwn(entry)), ...idle.filter(isOwn)]
  return dropping(siblings, field, inOrder.slice(0, excess))
}

function dropping(
  siblings: Siblings,
  field: ActorField | undefined,
  dropped: readonly Dot[],
): Pruned {
  if (dropped.length === 0) return { siblings, field, dropped: 0 }
  const vector = siblings.vector.filter(
    entry => !dropped.some(dot => compareDots(dot, entry) === 0),
  )
  const isGone = field !== undefined && dropped.some(({ actor }) => isOfFamily(field, actor))
  return {
    siblings: { ...siblings, vector },
    field: isGone ? undefined : field,
    dropped: dropped.length,
  }
}
