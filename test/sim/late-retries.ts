import t from 'tap'
import { planOf } from '../../src/sim/world.ts'

t.test(
  'puts are sent again across a split, each under a key of its own, in some worlds',
  async t => {
    const plans = Array.from({ length: 400 }, (_, i) => planOf(i + 1))
    const shaped = plans.filter(({ options }) => options.shape === 'retries')
    t.ok(shaped.length > 5 && shaped.length < 30, `${shaped.length} of 400 worlds`)
    const all = shaped.flatMap(({ operations }) => operations.flatMap(one => one.later ?? []))
    t.ok(all.some(({ writes }) => writes === 0) && all.some(({ writes }) => writes === 30))
    t.ok(all.some(({ waits }) => waits) && all.some(({ waits }) => !waits))
    t.notOk(
      all.some(({ rereads, deletes }) => rereads && deletes),
      'who reads anew after a reap could not know of it',
    )
    for (const { operations, faults } of shaped) {
      const late = operations.filter(({ later }) => later !== undefined)
      t.equal(new Set(late.map(({ key }) => key)).size, late.length)
      for (const { at, retries } of late) {
        const near = faults.some(
          fault => fault.type === 'partition' && Math.abs(fault.at - at) < 1e5,
        )
        t.ok(near && retries > 0)
      }
    }
    for (const { options, operations } of plans) {
      if (options.shape !== 'retries') t.notOk(operations.some(({ later }) => later !== undefined))
    }
  },
)
