/**
 * Does a copy find room here? One that adds no bytes of values to what is held, such as a delete
 * or a shorter value, lives on the reserve: it is how room is made.
 */
import { mutant } from '#mutants'
import { mergeSiblings, type Siblings, valueBytes } from './causality/siblings.ts'
import type { Key, NodeId, Token } from './ids.ts'
import type { Objects } from './objects.ts'
import type { Purpose } from './room.ts'

type Incoming = { readonly token: Token; readonly key: Key; readonly object: Uint8Array }

/** In the key's row. */
export function hasRoomFor<Then>(
  objects: Objects<Then>,
  purpose: Purpose,
  { token, key, object }: Incoming,
  siblings: Siblings,
): boolean {
  // Known-bad 701: whoever coordinates looks at the room, and nobody else does.
  if (mutant(701) || objects.room.takes(purpose, object.length)) return true
  const base = objects.base(token, key)
  const bytes = object.length + (base?.object.length ?? 0)
  return addsNothing(base?.siblings, siblings) && objects.room.takes('shrink', bytes)
}

/** In the hint for another node. */
export function hasRoomForHint<Then>(
  objects: Objects<Then>,
  owner: NodeId,
  { token, key, object }: Incoming,
  siblings: Siblings,
): boolean {
  if (mutant(701) || objects.room.takes('grow', object.length)) return true
  const base = objects.hints.base(owner, token, key)
  const bytes = object.length + (base?.object.length ?? 0)
  return addsNothing(base?.siblings, siblings) && objects.room.takes('shrink', bytes)
}

/** Does a row that held this have no more bytes of values with that merged into it? */
export function addsNothing(held: Siblings | undefined, brought: Siblings): boolean {
  const merged = held === undefined ? brought : mergeSiblings(held, brought)
  return valueBytes(merged) <= (held === undefined ? 0 : valueBytes(held))
}
