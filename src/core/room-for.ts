/**
 * Does a copy find room here? One that adds no bytes of values to what is held, such as a delete
 * or a shorter value, lives on the reserve: it is how room is made.
 */
import { mutant } from '#mutants'
import { encodeObject } from './causality/object.ts'
import { mergeSiblings, noSiblings, type Siblings, valueBytes } from './causality/siblings.ts'
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
  return shrinks(objects, objects.base(token, key), siblings)
}

/** In the hint for another node. */
export function hasRoomForHint<Then>(
  objects: Objects<Then>,
  owner: NodeId,
  { token, key, object }: Incoming,
  siblings: Siblings,
): boolean {
  if (mutant(701) || objects.room.takes('grow', object.length)) return true
  return shrinks(objects, objects.hints.base(owner, token, key), siblings)
}

/** Does a row that held this have no more bytes of values with that merged into it? */
export function addsNothing(held: Siblings | undefined, brought: Siblings): boolean {
  const before = held ?? noSiblings
  return valueBytes(mergeSiblings(before, brought)) <= valueBytes(before)
}

/** What is left is what is written: of a large value that is deleted that is next to nothing. */
function shrinks<Then>(
  { room }: Objects<Then>,
  held: { readonly siblings: Siblings } | undefined,
  brought: Siblings,
): boolean {
  if (!addsNothing(held?.siblings, brought)) return false
  const merged = mergeSiblings(held?.siblings ?? noSiblings, brought)
  return room.takes('shrink', encodeObject(merged).length)
}
