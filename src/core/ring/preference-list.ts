/** Who serves a partition, and as what (Dynamo §4.3, §4.6). */
import { assert } from '../assert.ts'
import type { NodeId, Partition } from '../ids.ts'
import type { Ring } from './claim.ts'

/** primary: on the preference list. fallback: may stand in for one that is down. */
export type Role = 'primary' | 'fallback' | 'none'

/** The N primaries of a partition, first choice first. */
export function preferenceList(ring: Ring, partition: Partition): readonly NodeId[] {
  const list = ring.lists[partition]
  assert(list !== undefined, 'a partition is below Q')
  return list
}

/** The nodes that may stand in for a primary, first choice first. */
export function fallbacksOf(ring: Ring, partition: Partition): readonly NodeId[] {
  const fallbacks = ring.fallbacks[partition]
  assert(fallbacks !== undefined, 'a partition is below Q')
  return fallbacks
}

/** What a node is to a partition: only a primary or a fallback coordinates and acks its puts. */
export function roleOf(ring: Ring, partition: Partition, node: NodeId): Role {
  if (preferenceList(ring, partition).includes(node)) return 'primary'
  return fallbacksOf(ring, partition).includes(node) ? 'fallback' : 'none'
}
