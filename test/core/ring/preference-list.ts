import t from 'tap'
import type { NodeId, Partition } from '../../../src/core/ids.ts'
import { fallbacksOf, preferenceList, roleOf } from '../../../src/core/ring/preference-list.ts'

const ring = {
  partitions: 2,
  lists: [['a', 'b'] as NodeId[], ['b', 'c'] as NodeId[]],
  fallbacks: [['c'] as NodeId[], ['a'] as NodeId[]],
}
const first = 0 as Partition
const last = 1 as Partition

t.test('a partition has its preference list and its fallbacks', async t => {
  t.same(preferenceList(ring, last), ['b', 'c'])
  t.same(fallbacksOf(ring, last), ['a'])
  t.throws(() => preferenceList(ring, 2 as Partition), /below Q/)
  t.throws(() => fallbacksOf(ring, 2 as Partition), /below Q/)
})

t.test('a node is a primary, a fallback, or nothing to a partition', async t => {
  t.equal(roleOf(ring, first, 'b' as NodeId), 'primary')
  t.equal(roleOf(ring, first, 'c' as NodeId), 'fallback')
  t.equal(roleOf(ring, last, 'a' as NodeId), 'fallback')
  t.equal(roleOf(ring, last, 'd' as NodeId), 'none')
})
