/**
 * Who issues the dots of one row (design §2, protocols 1). An actor is 64 random bits that
 * live in the row itself beside the start id of the process that drew them: lost, copied or
 * restored with it, so that no vector entry ever claims a dot its writer had not seen.
 */
import { assert } from '../assert.ts'
import type { Actor, StartId } from '../ids.ts'
import type { Seen, Siblings } from './siblings.ts'
import { counterMax, counterOf, type Dot } from './version-vector.ts'

/** The unreplicated field of a stored row. */
export type ActorField = { readonly actor: Actor; readonly start: StartId }

/**
 * The dot of the next put on a row, and the row's field after it. The row's actor goes on
 * where this process drew it and nothing has seen more of it than the row; else a new actor
 * begins at 1.
 */
export function nextDot(
  field: ActorField | undefined,
  start: StartId,
  base: Siblings,
  seen: Seen,
  drawActor: () => Actor,
): { readonly dot: Dot; readonly field: ActorField } {
  if (field !== undefined && field.start === start) {
    const counter = counterOf(base.vector, field.actor)
    const ahead = counterOf(seen.vector, field.actor) > counter
    if (counter > 0 && counter < counterMax && !ahead) {
      return { dot: { actor: field.actor, counter: counter + 1 }, field }
    }
  }
  const actor = drawActor()
  const known = counterOf(base.vector, actor) + counterOf(seen.vector, actor) > 0
  assert(!known, 'a drawn actor is new')
  return { dot: { actor, counter: 1 }, field: { actor, start } }
}

/**
 * The row's field after a merge: kept, but dropped where the actor left the vector (it must
 * not come back at a counter used before) or where another brought more of it than the row
 * has (then somebody else issues its dots: a copied directory, a resumed snapshot).
 */
export function fieldAfterMerge(
  field: ActorField | undefined,
  before: Siblings,
  incoming: Siblings,
  after: Siblings,
): ActorField | undefined {
  if (field === undefined) return undefined
  if (counterOf(after.vector, field.actor) === 0) return undefined
  const held = counterOf(before.vector, field.actor)
  return counterOf(incoming.vector, field.actor) > held ? undefined : field
}
