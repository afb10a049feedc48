/**
 * Who issues the dots of one row (design §2, protocols 1). An actor is 64 random bits that
 * live in the row itself beside the start id of the process that drew them: lost, copied or
 * restored with it, so that no vector entry ever claims a dot its writer had not seen.
 *
 * The field names a family of 256 actors that differ in their first byte. A put goes on with one
 * whose every dot its writer has seen, so that its context says "all I saw, and my own put" as a
 * vector: what a context knows by an operation id alone is forgotten once 8 newer ones came.
 */
import { mutant, sometimes } from '#mutants'
import { assert } from '../assert.ts'
import type { Actor, StartId } from '../ids.ts'
import type { Seen, Siblings } from './siblings.ts'
import { counterMax, counterOf, type Dot, type VersionVector } from './version-vector.ts'

/** The unreplicated field of a stored row: any actor of its family. */
export type ActorField = { readonly actor: Actor; readonly start: StartId }

/**
 * The dot of the next put on a row, and the row's field after it. An actor of the row's family
 * goes on where this process drew the family, the row knows it, and nothing has seen more of it
 * than the row; else a new actor begins at 1.
 */
export function nextDot(
  field: ActorField | undefined,
  start: StartId,
  base: Siblings,
  seen: Seen,
  drawActor: () => Actor,
): { readonly dot: Dot; readonly field: ActorField } {
  const sameStart = field?.start === start || mutant(4)
  if (field !== undefined && sameStart && knowsFamily(field, base.vector)) {
    const own = base.vector.filter(dot => isOfFamily(field, dot.actor))
    const ahead = seen.vector.some(
      dot => isOfFamily(field, dot.actor) && dot.counter > counterOf(base.vector, dot.actor),
    )
    const goesOn = own.find(dot => counterOf(seen.vector, dot.actor) === dot.counter || mutant(36))
    if (ahead) sometimes('a context is ahead of its row')
    if (!ahead && goesOn !== undefined && goesOn.counter < counterMax) {
      sometimes('an actor goes on')
      return {
        dot: { actor: goesOn.actor, counter: goesOn.counter + (mutant(36) ? 50 : 1) },
        field,
      }
    }
    const next = ahead ? undefined : nextOfFamily(field, own)
    if (next !== undefined) {
      sometimes('a writer that has not seen all begins another actor')
      return { dot: { actor: next, counter: 1 }, field }
    }
  }
  if (field !== undefined && !sameStart) sometimes('a new actor after a restart')
  const actor = drawActor()
  const known = knowsFamily({ actor }, base.vector) || knowsFamily({ actor }, seen.vector)
  assert(!known, 'a drawn actor is new')
  return { dot: { actor, counter: 1 }, field: { actor, start } }
}

/**
 * The row's field after a merge: kept, but dropped where an actor of it left the vector (it must
 * not come back at a counter used before) or where another brought more of one than the row
 * has (then somebody else issues its dots: a copied directory, a resumed snapshot).
 */
export function fieldAfterMerge(
  field: ActorField | undefined,
  before: Siblings,
  incoming: Siblings,
  after: Siblings,
): ActorField | undefined {
  if (field === undefined || !knowsFamily(field, after.vector)) return undefined
  for (const { actor } of before.vector) {
    if (isOfFamily(field, actor) && counterOf(after.vector, actor) === 0) return undefined
  }
  for (const { actor, counter } of incoming.vector) {
    if (isOfFamily(field, actor) && counter > counterOf(before.vector, actor)) {
      sometimes('a merge brings more of an actor than its row has')
      return undefined
    }
  }
  return field
}

type Family = Pick<ActorField, 'actor'>

/** Does this actor belong to the field's family? */
export function isOfFamily({ actor }: Family, other: Actor): boolean {
  return other.endsWith(actor.slice(1))
}

function knowsFamily(family: Family, vector: VersionVector): boolean {
  return vector.some(({ actor }) => isOfFamily(family, actor))
}

/** The family's first actor behind those that the row knows; undefined: there is none. */
function nextOfFamily({ actor }: Family, own: VersionVector): Actor | undefined {
  const used = new Set(own.map(dot => dot.actor))
  for (let first = 0; first < 256; first++) {
    const next = (String.fromCharCode(first) + actor.slice(1)) as Actor
    if (!used.has(next)) return next
  }
  return undefined
}
