/**
 * Who takes part in a request (Dynamo §4.6, "sloppy quorum"): the first N healthy nodes of the
 * walk. A primary that can be reached sits for itself; for each other one the next fallback that
 * can, and only the F fallbacks ever do.
 */
import type { NodeId, Token } from '../ids.ts'
import type { Placement } from '../placement.ts'

/** A node, and the owner that it stands in for; undefined: it is a primary. */
export type Seat = { readonly node: NodeId; readonly owner: NodeId | undefined }

/**
 * The seats of a put that this node coordinates. One that stands in itself comes before the
 * other fallbacks, and takes a seat even where every primary can be reached: the row that its
 * dot comes from has to be one that it writes.
 */
export function seatsOf(placement: Placement, token: Token): readonly Seat[] {
  const { self } = placement
  const primaries = placement.primaries(token)
  const seats: Seat[] = []
  const away: NodeId[] = []
  for (const node of primaries) {
    if (placement.reachable(node)) seats.push({ node, owner: undefined })
    else away.push(node)
  }
  const owns = primaries.includes(self)
  if (owns && away.length === 0) return seats
  const fallbacks = placement.fallbacks(token).filter(node => placement.reachable(node))
  if (!owns && fallbacks.includes(self)) {
    fallbacks.splice(fallbacks.indexOf(self), 1)
    fallbacks.unshift(self)
    if (away.length === 0) away.push(primaries[0] as NodeId)
  }
  for (const [i, owner] of away.entries()) {
    const node = fallbacks[i]
    if (node !== undefined) seats.push({ node, owner })
  }
  return seats
}
