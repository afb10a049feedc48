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
  const claiming = { circle, zones, bounds, zonesFirst, loads: bounds.map(() => 0), giver: 0 }
  for (let choice = 0; choice < replicas; choice++) {
    for (const [partition, list] of lists.entries()) {
      const owner =
        walk(claiming, partition, list) ??
        swap(claiming, lists, partition, choice) ??
        leastFull(claiming, list)
      load(claiming, owner, 1)
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
  /** The partition whose list was last asked for a swap. */
  giver: number
}

/** The first owner below its bound of the zones that the list uses least, if there is one. */
function walk(claiming: Claiming, partition: number, list: readonly number[]): number | undefined {
  const { circle, zones, bounds, zonesFirst, loads } = claiming
  const fewest = zonesFirst ? 0 : fewestUses(claiming, list)
  const start = circle.starts[partition] as number
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
 * Where a walk ends short, every owner with room is in the list already (or its zone is). Then a
 * list before this one gives up its owner of the same choice, which fits here, for one with room.
 * The search goes on backwards from where the last one ended: the lists nearer by gave theirs.
 */
function swap(
  claiming: Claiming,
  lists: readonly number[][],
  partition: number,
  choice: number,
): number | undefined {
  const list = lists[partition] as number[]
  for (let tries = Math.min(partition, swapTries); tries > 0; tries--) {
    claiming.giver = (claiming.giver > 0 ? claiming.giver : partition) - 1
    const giver = lists[claiming.giver] as number[]
    const owner = giver[choice] as number
    if (!fits(claiming, owner, list)) continue
    const before = giver.slice(0, choice)
    if (!hasRoom(claiming, before)) continue
    const instead = walk(claiming, claiming.giver, before)
    if (instead === undefined) continue
    giver[choice] = instead
    load(claiming, instead, 1)
    load(claiming, owner, -1)
    return owner
  }
  return undefined
}

/**
 * Where that fails too, N distinct nodes in every list stand above the bound: the owner that is
 * least full for its bound, the smallest id on a tie.
 */
function leastFull(claiming: Claiming, list: readonly number[]): number {
  const { bounds, loads } = claiming
  let best = -1
  for (const [owner, load] of loads.entries()) {
    if (!fits(claiming, owner, list)) continue
    const bound = bounds[owner] as number
    if (best < 0 || load * (bounds[best] as number) < (loads[best] as number) * bound) best = owner
  }
  assert(best >= 0, 'there are N members, and N zones where zones come first')
  return best
}

/** True where a list may have this owner, whatever it holds. */
function fits({ zones, zonesFirst }: Claiming, owner: number, list: readonly number[]): boolean {
  if (list.includes(owner)) return false
  return !zonesFirst || usesOf(zones, zones.of[owner] as number, list) === 0
}

/** True where an owner below its bound fits: cheaper than a walk that finds none. */
function hasRoom(claiming: Claiming, list: readonly number[]): boolean {
  const { bounds, loads } = claiming
  return loads.some(
    (load, owner) => load < (bounds[owner] as number) && fits(claiming, owner, list),
  )
}

function load({ loads }: Claiming, owner: number, replicas: number): void {
  loads[owner] = (loads[owner] as number) + replicas
}

/** Lists that are asked for a swap before a bound gives way: claims of large Q stay quick. */
const swapTries = 1024
