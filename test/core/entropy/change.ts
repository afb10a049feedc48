import t from 'tap'
import { byPartition, type Change } from '../../../src/core/entropy/change.ts'
import type { Instant } from '../../../src/core/ids.ts'
import type { RowKey } from '../../../src/core/step.ts'

t.test('changes by partition, in their order', async t => {
  const change = (place: number, row: string): Change => {
    return { row: row as RowKey, place, before: '', after: '', stamp: 0, durableAt: 0 as Instant }
  }
  const batch = [change(2 ** 47, 'a'), change(1, 'b'), change(2 ** 47 + 1, 'c')]
  const found = byPartition(batch, 1)
  t.same(
    [...found].map(([partition, some]) => [partition, some.map(({ row }) => row)]),
    [
      [1, ['a', 'c']],
      [0, ['b']],
    ],
  )
  t.equal(byPartition([], 4).size, 0)
})
