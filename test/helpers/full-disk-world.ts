/** A calm world whose disks the cluster itself fills, for tests and for the children that they start. */
import assert from 'node:assert'
import { chooseMutants } from '#mutants'
import type { NodeId } from '../../src/core/ids.ts'
import type { Options } from '../../src/sim/options.ts'
import { type Plan, planOf, World } from '../../src/sim/world.ts'

/** A world of 300 keys. */
const calm = 2101
/** So large that the last puts, of thirty keys, fit where all was deleted. */
export const emptied = { emptied: true, valueBytesMax: 24_000 }

export type Disks = Partial<NonNullable<Options['disks']>>

export type Told = {
  readonly invariants: readonly string[]
  readonly full: number
  readonly ends: number
}

/** Known-bad versions need a build that has them (`--conditions=mutants`). */
export function runFullDisks(
  disks: Disks,
  switches: readonly number[] = [],
  stopsOn: readonly string[] = [],
): Told {
  const plan = planWith(disks)
  if (switches.length > 0) assert(chooseMutants(switches), 'this build has known-bad versions')
  let full = 0
  const ended = new Set<NodeId>()
  const world = new World(plan, {
    stopsOn,
    onNotice: notice => {
      if (notice.type === 'no-room') ended.add(notice.node)
      if (notice.type !== 'settled' || notice.call.result?.type !== 'failed') return
      if (notice.call.result.failure.code === 'STORE_FULL') full++
    },
  })
  world.run()
  return {
    invariants: world.violations.map(({ invariant }) => invariant),
    full,
    ends: ended.size,
  }
}

/** Values so large that what refuses nothing is soon without a byte. */
function planWith(disks: Disks): Plan {
  const plan = planOf(calm)
  const { options } = plan
  const all = { smallShare: 1000, roomMax: 512 * 1024, valueBytesMax: 60_000, keys: 300 }
  const own = { ...all, emptied: true, ...disks }
  return { ...plan, faults: [], options: { ...options, layersOff: [], deadForEver: 0, disks: own } }
}
