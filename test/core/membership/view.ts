import fc from 'fast-check'
import t from 'tap'
import type { NodeId } from '../../../src/core/ids.ts'
import {
  compareEntries,
  emptyView,
  membersIn,
  mergeViews,
  type ViewEntry,
  viewOf,
} from '../../../src/core/membership/view.ts'
import { entryOf } from '../../helpers/members.ts'

const entry: fc.Arbitrary<ViewEntry> = fc.record({
  id: fc.constantFrom('a', 'b', 'c', 'd').map(id => id as NodeId),
  removed: fc.boolean(),
  version: fc.nat(3),
  weight: fc.constantFrom(1, 2),
  zone: fc.constantFrom('', 'z'),
  key: fc.constantFrom(undefined, Uint8Array.of(), Uint8Array.of(1)),
  statement: fc.constantFrom(undefined, Uint8Array.of(2)),
})
const view = fc.array(entry, { maxLength: 6 }).map(viewOf)

t.test('a semilattice: any order, any number of times', async t => {
  fc.assert(
    fc.property(view, view, view, (a, b, c) => {
      t.same(mergeViews(a, b), mergeViews(b, a))
      t.same(mergeViews(mergeViews(a, b), c), mergeViews(a, mergeViews(b, c)))
      t.equal(mergeViews(a, a), a)
      t.equal(mergeViews(a, emptyView), a)
      const merged = mergeViews(a, b)
      t.equal(mergeViews(merged, b), merged, 'it only grows')
    }),
    { numRuns: 300 },
  )
})

t.test('absent < member < removed, for ever; then the highest version', async t => {
  const member = entryOf('n1', { version: 9 })
  const removed = entryOf('n1', { removed: true, version: 1 })
  t.same(mergeViews([member], [removed]), [removed])
  t.equal(mergeViews([removed], [member])[0], removed)
  t.same(membersIn([removed, entryOf('n2')]), [entryOf('n2')])
  const heavier = entryOf('n1', { version: 10, weight: 4 })
  t.same(mergeViews([member], [heavier]), [heavier])
  t.ok(compareEntries(heavier, member) > 0)
})

t.test('equal versions with other attributes settle the same way everywhere', async t => {
  const a = entryOf('n1', { zone: 'a' })
  const b = entryOf('n1', { zone: 'b' })
  t.same(mergeViews([a], [b]), mergeViews([b], [a]))
})
