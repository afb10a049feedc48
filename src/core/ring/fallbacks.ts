/** Who may stand in (Dynamo §4.6; design §3): the nodes further round the walk, zones spread. */
import type { Circle } from './circle.ts'
import type { Zones } from './shares.ts'

/**
 * For each partition the `count` owners behind its list, as indexes into the members. Each is
 * the next one round the walk whose zone the list and the fallbacks before it use least.
 */
export function fallbackLists(
  circle: Circle,
  zones: Zones,
  lists: readonly (readonly number[])[],
  count: number,
): number[][] {
  return lists.map((list, partition) => {
    const start = circle.starts[partition] as number
    return count > 0 ? further(circle, zones, start, list, count) : []
  })
}

/**
 * One walk is enough: an owner is chosen when its zone has been used as often as by those
 * before it, so the order is that of these uses, and of the walk where they are equal.
 */
function further(
  circle: Circle,
  zones: Zones,
  start: number,
  list: readonly number[],
  count: number,
): number[] {
  const seen = new Set(list)
  const uses = zones.sizes.map(() => 0)
  const found: Found[] = []
  const use = (owner: number) => {
    const zone = zones.of[owner] as number
    const before = uses[zone] as number
    uses[zone] = before + 1
    return before
  }
  for (const owner of list) use(owner)
  for (let at = start; at < start + circle.tokens; at++) {
    const owner = circle.owners[at] as number
    if (seen.has(owner)) continue
    seen.add(owner)
    found.push({ owner, uses: use(owner) })
    if (found.length >= count && isSettled(found, uses, zones, count)) break
  }
  found.sort((a, b) => a.uses - b.uses)
  return found.slice(0, count).map(({ owner }) => owner)
}

type Found = { readonly owner: number; readonly uses: number }

/** True when no owner further on can come before the `count` best of those found. */
function isSettled(found: readonly Found[], uses: readonly number[], zones: Zones, count: number) {
  let fewest = Number.POSITIVE_INFINITY
  for (const [zone, size] of zones.sizes.entries()) {
    const used = uses[zone] as number
    if (used < size) fewest = Math.min(fewest, used)
  }
  let ahead = 0
  for (const one of found) if (one.uses <= fewest) ahead++
  return ahead >= count
}
