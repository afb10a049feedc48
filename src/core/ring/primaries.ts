/** The preference lists (design §3): walks round the circle with bounded loads, zones first. */
import { assert } from '../assert.ts'
import type { Circle } from './circle.ts'
import type { Zones } from './shares.ts'

/**
 * N distinct owners for each partition, as indexes into the members: all first choices before
 * all second ones, so that a node that fills up loses its last choices, not its first.
 */
export function primaryLists(
  circle: Circle,
  zones: Zones,
  bounds: readonly number[],
  replicas: number,
): number[][] {
  const lists: number[][] = Array.from(circle.starts, () => [])
  const zonesFirst = zones.sizes.length >= replicas
  const claiming = { circle, zones, bounds, zonesFirst, loads: bounds.map(() => 0) }
  for (let choice = 0; choice < replicas; choice++) {
    for (const [partition, list] of lists.entries()) {
      const owner =
        walk(claiming, circle.starts[partition] as number, list) ?? leastFull(claiming, list)
      claiming.loads[owner] = (claiming.loads[owner] as number) + 1
      list.push(owner)
    }
  }
  return lists
}

type Claiming = {
  readonly circle: Circle
  readonly zones: Zones
  readonly bounds: readonly number[]
  /** True where every list can have N zones, and therefore must. */
  readonly zonesFirst: boolean
  /** Replicas given to each owner so far. */
  readonly loads: number[]
}

/** The first owner below its bound of the zones that the list uses least, if there is one. */
function walk(claiming: Claiming, start: number, list: readonly number[]): number | undefined {
  const { circle, zones, bounds, zonesFirst, loads } = claiming
  const fewest = zonesFirst ? 0 : fewestUses(claiming, list)
  let best: number | undefined
  let bestUses = zonesFirst ? 1 : list.length + 1
  for (let at = start; at < start + circle.tokens && bestUses > fewest; at++) {
    const owner = circle.owners[at] as number
    if ((loads[owner] as number) >= (bounds[owner] as number) || list.includes(owner)) continue
    const uses = usesOf(zones, zones.of[owner] as number, list)
    if (uses >= bestUses) continue
    best = owner
    bestUses = uses
  }
  return best
}

/** How often a list uses a zone. */
function usesOf(zones: Zones, zone: number, list: readonly number[]): number {
  let uses = 0
  for (const owner of list) if (zones.of[owner] === zone) uses++
  return uses
}

/** No walk finds a zone that is used less often: the walk may end there. */
function fewestUses({ zones }: Claiming, list: readonly number[]): number {
  let fewest = list.length
  for (const [zone, size] of zones.sizes.entries()) {
    const uses = usesOf(zones, zone, list)
    if (uses < size) fewest = Math.min(fewest, uses)
  }
  return fewest
}

/**
 * Where a walk ends short, N distinct nodes in every list stand above the bound: the owner
 * that is least full for its bound, the smallest id on a tie.
 */
function leastFull(claiming: Claiming, list: readonly number[]): number {
  const { zones, bounds, zonesFirst, loads } = claiming
  let best = -1
  for (const [owner, load] of loads.entries()) {
    if (list.includes(owner)) continue
    if (zonesFirst && usesOf(zones, zones.of[owner] as number, list) > 0) continue
    const bound = bounds[owner] as number
    if (best < 0 || load * (bounds[best] as number) < (loads[best] as number) * bound) best = owner
  }
  assert(best >= 0, 'there are N members, and N zones where zones come first')
  return best
}
