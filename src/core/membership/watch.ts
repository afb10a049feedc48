/**
 * Who probes whom: everybody everybody in a small cluster; in a large one each member the next
 * few on a circle of its own (hashed, so that neighbours by name or zone are not neighbours
 * here), so that the cost of a member does not grow with the cluster and each is watched by as
 * many as it watches (Rapid, Suresh et al. 2018, §4.1). Who is down does not count: a member is
 * watched by living ones.
 */
import type { Hash } from '../hash.ts'
import type { NodeId } from '../ids.ts'

/** How many living members each one watches. */
export const watchedMax = 8

/** How far a walk over members that are down goes. */
const walkedMax = 32

/** The members in the order of the circle. */
export function watchCircle(hash: Hash, members: readonly NodeId[]): readonly NodeId[] {
  const placed = members.map(id => ({ id, place: hash.sha256(`watch\0${id}`) }))
  placed.sort((a, b) => (a.place < b.place ? -1 : 1))
  return placed.map(({ id }) => id)
}

/** Those behind `self` until `watchedMax` are living, the others on the way included. */
export function watchedBy(
  self: NodeId,
  circle: readonly NodeId[],
  isDown: (node: NodeId) => boolean,
): readonly NodeId[] {
  const begin = circle.indexOf(self)
  const watched: NodeId[] = []
  let living = 0
  for (let i = 1; i < circle.length && living < watchedMax; i++) {
    if (watched.length >= walkedMax) break
    const node = circle[(begin + i) % circle.length] as NodeId
    if (node === self) continue
    watched.push(node)
    if (!isDown(node)) living++
  }
  return watched
}
