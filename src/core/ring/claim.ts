/**
 * Who owns what: a pure function of the members (design §3; Dynamo §4.2, §4.3 and §6.2's
 * strategy 3; consistent hashing with bounded loads, Mirrokni and others 2018).
 *
 *        n2    n5                Each partition (|) is walked clockwise from its start. The
 *      .--+-|--+--.              walk takes N distinct nodes, zones first, and skips a node
 *   n1 +          | n3           that has reached its bound. All first choices are made
 *      |    ──►   + n4           before all second ones.
 *      '--+-|--+--'              Where a walk ends short, an earlier list gives up its owner
 *        n4    n1                of that choice for one with room: bounds give way last.
 *
 * Two nodes with the same members compute the same ring.
 */
import { assert } from '../assert.ts'
import type { Hash } from '../hash.ts'
import type { NodeId } from '../ids.ts'
import { circleOf } from './circle.ts'
import { fallbackLists } from './fallbacks.ts'
import { primaryLists } from './primaries.ts'
import {
  inOrder,
  type RingMember,
  type RingSettings,
  sharesOf,
  tokenCount,
  weightUnits,
  zonesOf,
} from './shares.ts'

/** Changes with every change of the result for any member set; the epoch covers it. */
export const ringVersion = 1

/** Both are indexed by partition, and every inner list is in the order of preference. */
export type Ring = {
  readonly partitions: number
  /** The preference lists: N distinct nodes each. */
  readonly lists: readonly (readonly NodeId[])[]
  /** The F nodes that may stand in, first choice first; fewer where there are fewer. */
  readonly fallbacks: readonly (readonly NodeId[])[]
}

/** The largest weight: a member has at most 16,384 tokens. */
export const weightMax = 64

/** The ring of these members, in whatever order they are listed. At least N members. */
export function claim(hash: Hash, members: readonly RingMember[], settings: RingSettings): Ring {
  const { partitions, replicas, fallbacks } = settings
  const sorted = inOrder(members)
  check(sorted, settings)
  const owners = sorted.map(member => ({ id: member.id, tokens: tokenCount(member) }))
  const circle = circleOf(hash, owners, partitions)
  const zones = zonesOf(sorted)
  const bounds = sharesOf(sorted, settings).map(share => share.bound)
  const lists = primaryLists(circle, zones, bounds, replicas)
  const spare = Math.min(fallbacks, sorted.length - replicas)
  const idsOf = (list: readonly number[]) => list.map(owner => (sorted[owner] as RingMember).id)
  return {
    partitions,
    lists: lists.map(idsOf),
    fallbacks: fallbackLists(circle, zones, lists, spare).map(idsOf),
  }
}

function check(sorted: readonly RingMember[], { partitions, replicas }: RingSettings): void {
  assert(partitions >= 1 && 65536 % partitions === 0, 'partitions are a power of two to 65,536')
  assert(replicas >= 1 && replicas <= sorted.length, 'there are at least N members')
  for (const [i, member] of sorted.entries()) {
    assert(member.id !== sorted[i + 1]?.id, 'a member is listed once')
    assert(Number.isInteger(member.weight * weightUnits), 'a weight is a whole number of 64ths')
    assert(member.weight > 0 && member.weight <= weightMax, 'a weight is above 0, at most 64')
  }
}
