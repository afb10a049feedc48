import t from 'tap'
import type { Change } from '../../../src/core/entropy/change.ts'
import { Recent, statesBefore } from '../../../src/core/entropy/recent.ts'
import { defaultExchangeTiming } from '../../../src/core/entropy/timing.ts'
import type { Instant } from '../../../src/core/ids.ts'
import type { RowKey } from '../../../src/core/step.ts'

const change = (row: string, stamp: number, before = '', after = 'x'): Change => ({
  row: row as RowKey,
  place: 0,
  before,
  after,
  stamp,
  durableAt: 0 as Instant,
})
const at = (now: number) => now as Instant

t.test('a cut leaves out what was written after it and came lately', async t => {
  const recent = new Recent(defaultExchangeTiming)
  recent.add(change('old', 100), at(1000))
  // Its coordinator's clock is a day ahead: it is left out for a few seconds, not for a day.
  recent.add(change('ahead', 86_400_000), at(1000))
  recent.add(change('before', 4000), at(9000))
  recent.add(change('after', 6000), at(9000))
  const left = recent.after({ stamp: 5000, ageMs: 5000 }, at(10_000)).map(({ row }) => row)
  t.same(left, ['after'])
  t.equal(recent.has('after' as RowKey, at(10_000)), true)
  t.equal(recent.has('after' as RowKey, at(17_000)), false)
  recent.tick(at(40_000))
  t.equal(recent.size, 0)
})

t.test('what comes behind a change that is left out is left out with it', async t => {
  const recent = new Recent(defaultExchangeTiming)
  recent.add(change('a', 6000, 'one', 'two'), at(1000))
  recent.add(change('a', 10, 'two', 'three'), at(1001))
  const left = recent.after({ stamp: 5000, ageMs: 5000 }, at(1002))
  t.equal(left.length, 2)
  t.equal(statesBefore(left).get('a' as RowKey)?.before, 'one')
})

t.test('it is bounded', async t => {
  const recent = new Recent(defaultExchangeTiming)
  for (let i = 0; i < 140_000; i++) recent.add(change(`${i % 1000}`, i), at(i / 1000))
  t.equal(recent.size, 131_072)
  t.equal(recent.has('1' as RowKey, at(140)), true)
})
