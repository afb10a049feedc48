/** A copy that another member sent: merged into what is held now, whatever it was asked for. */
import { decodeObject } from '../causality/object.ts'
import type { Siblings } from '../causality/siblings.ts'
import type { Hash } from '../hash.ts'
import type { Token } from '../ids.ts'
import type { HandedCopy } from '../message.ts'
import type { Objects } from '../objects.ts'
import type { Placement } from '../placement.ts'
import type { Stored } from '../quorum/put-coordination.ts'
import type { Purpose } from '../room.ts'
import { hasRoomFor } from '../room-for.ts'
import type { RowKey } from '../step.ts'

type Parts = {
  readonly hash: Hash
  readonly placement: Placement
  readonly objects: Objects<Stored>
  /** What is written for an operator lives on the reserve; undefined: it grows the store. */
  readonly purpose?: Purpose
}

/** What the copy says; undefined where it cannot be read, or nobody `may` send it. */
export function readCopy(
  { hash, placement }: Parts,
  { token, key, object }: HandedCopy,
  may: (token: Token) => boolean,
): Siblings | undefined {
  if (token !== placement.tokenOf(key) || !may(token)) return undefined
  return decodeObject(hash, object)
}

/**
 * Merges a copy that was read; what is older than a delete that was reaped is passed over.
 * `held`: rows near it that are on the disk, where the caller has looked.
 */
export function take(
  { objects, purpose = 'grow' }: Parts,
  { token, key, object, generation, time }: HandedCopy,
  siblings: Siblings,
  held?: ReadonlySet<RowKey>,
): boolean {
  if (!hasRoomFor(objects, purpose, { token, key, object }, siblings)) return false
  const copy = { object, siblings, time, generation }
  return objects.merge(token, key, copy, undefined, held) !== 'refused'
}
