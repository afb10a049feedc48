/** A copy that another member sent: merged into what is held now, whatever it was asked for. */
import { decodeObject } from '../causality/object.ts'
import type { Siblings } from '../causality/siblings.ts'
import type { Hash } from '../hash.ts'
import type { Token } from '../ids.ts'
import type { HandedCopy } from '../message.ts'
import type { Objects } from '../objects.ts'
import type { Placement } from '../placement.ts'
import type { Stored } from '../quorum/put-coordination.ts'

type Parts = {
  readonly hash: Hash
  readonly placement: Placement
  readonly objects: Objects<Stored>
}

/** What was taken; undefined where it cannot be read, or nobody `may` send it. */
export function take(
  { hash, placement, objects }: Parts,
  { key, token, object, generation, time }: HandedCopy,
  may: (token: Token) => boolean,
): Siblings | undefined {
  const siblings = decodeObject(hash, object)
  if (siblings === undefined || token !== placement.tokenOf(key) || !may(token)) return undefined
  objects.merge(token, key, { object, siblings, time, generation }, undefined)
  return siblings
}
