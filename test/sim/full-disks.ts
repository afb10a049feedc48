/** A calm world whose disks the cluster itself fills, and what becomes of it without the rules. */

import t from 'tap'
import { chooseMutants } from '#mutants'
import type { NodeId } from '../../src/core/ids.ts'
import type { Options } from '../../src/sim/options.ts'
import { type Plan, planOf, World } from '../../src/sim/world.ts'

t.setTimeout(600_000)

/** A world of 300 keys. */
const calm = 2101
/** So large that the last puts, of thirty keys, fit where all was deleted. */
const emptied = { emptied: true, valueBytesMax: 24_000 }

/** Values so large that what refuses nothing is soon without a byte. */
function planWith(disks: Partial<NonNullable<Options['disks']>>): Plan {
  const plan = planOf(calm)
  const { options } = plan
  const all = { smallShare: 1000, roomMax: 512 * 1024, valueBytesMax: 60_000, keys: 300 }
  const own = { ...all, emptied: true, ...disks }
  return { ...plan, faults: [], options: { ...options, layersOff: [], deadForEver: 0, disks: own } }
}

type Told = { readonly invariants: readonly string[]; readonly full: number; readonly ends: number }

function run(plan: Plan, switches: readonly number[] = [], stopsOn: readonly string[] = []): Told {
  chooseMutants(switches)
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
  chooseMutants([])
  return {
    invariants: world.violations.map(({ invariant }) => invariant),
    full,
    ends: ended.size,
  }
}

t.test('disks that the cluster fills end no node', async t => {
  const told = run(planWith({ emptied: false }))
  t.same(told.invariants, [])
  t.equal(told.ends, 0)
  t.ok(told.full > 20, `${told.full} puts were refused`)
})

t.test('what is deleted makes room', async t => {
  const told = run(planWith(emptied))
  t.same(told.invariants, [])
  t.equal(told.ends, 0)
  t.ok(told.full > 20, `${told.full} puts were refused`)
})

t.test('known-bad 700: written to the last byte', async t => {
  t.match(run(planWith({}), [700], ['D1']).invariants, ['D1'])
})

t.test('known-bad 701: only own puts are refused, and others fill the small disks', async t => {
  t.match(run(planWith({ smallShare: 500 }), [701], ['D1']).invariants, ['D1'])
})

t.test('known-bad 702: free pages within the file do not count as room', async t => {
  t.match(run(planWith(emptied), [702], ['D2']).invariants.slice(-1), ['D2'])
})
