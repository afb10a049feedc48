import t from 'tap'
import { byPartition, type Change } from '../../../src/core/entropy/change.ts'
import type { Instant } from '../../../src/core/ids.ts'
import type { RowKey } from '../../../src/core/step.ts'

t.test('changes are sorted into the partitions that their places are in', async t => {
  const at = (place: number): Change => {
    const row = `\x10${place}` as RowKey
    return { row, place, before: '', after: '', stamp: 0, durableAt: 0 as Instant }
  }
  const quarter = 2 ** 46
  const [a, b, c] = [at(0), at(3 * quarter), at(quarter - 1)]
  const sorted = byPartition([a, b, c], 2)
  t.same([...sorted.keys()], [0, 3])
  t.same(sorted.get(0), [a, c], 'in the order in which they came')
  t.same(sorted.get(3), [b])
})
