import t from 'tap'
import type { NodeId } from '../../../src/core/ids.ts'
import { Equal } from '../../../src/core/wholeness/equal.ts'

const n2 = 'n2' as NodeId

t.test('equal roots are sure, a partition alone only the second time', async t => {
  const equal = new Equal()
  t.equal(equal.add(n2, [1, 2, 3], new Set([3])), true)
  t.same(
    [1, 2, 3].map(one => equal.has(n2, one)),
    [false, false, false],
  )
  t.equal(equal.add(n2, [1, 2, 3], new Set([2, 3])), true)
  t.same(
    [1, 2, 3].map(one => equal.has(n2, one)),
    [true, false, false],
  )
  t.equal(equal.add(n2, [1, 3], new Set([3])), false, 'nothing new')
  t.equal(equal.add(n2, [1, 2, 3], undefined), true)
  t.same(
    [1, 2, 3].map(one => equal.has(n2, one)),
    [true, true, true],
  )
  t.equal(equal.has('n3' as NodeId, 1), false)
  equal.clear()
  t.equal(equal.has(n2, 1), false)
})
