import { deepEqual, equal } from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import {
  appliedOp,
  mergeSiblings,
  noSiblings,
  opBelowFullList,
  opsKept,
  pinned,
  putVersion,
  type Seen,
  type Siblings,
  seenAfterPut,
  seenOf,
} from '../../../src/core/causality/siblings.ts'
import { actorOf, opOf, trios, versionOf } from '../../helpers/arbitrary-siblings.ts'

const blind: Seen = { vector: [], ops: [], pins: [] }
const a1 = putVersion(noSiblings, blind, versionOf('a', 1, 1, 'one'))

/** The values, tombstones as `-`. */
function shown({ versions }: Siblings): readonly string[] {
  return versions.map(({ tombstone, value }) => (tombstone ? '-' : String.fromCharCode(...value)))
}

t.test('a put supersedes exactly what its context saw', async t => {
  const both = putVersion(a1, blind, versionOf('a', 2, 2, 'two'))
  const one = putVersion(both, seenOf(a1), versionOf('a', 3, 3, 'three'))
  t.same(shown(one), ['two', 'three'])
  t.same(shown(putVersion(one, seenOf(one), versionOf('a', 4, 4, 'four'))), ['four'])
})

t.test('two puts with the same context are two siblings', async t => {
  const left = putVersion(a1, seenOf(a1), versionOf('a', 2, 2, 'left'))
  const right = putVersion(a1, seenOf(a1), versionOf('b', 1, 3, 'right'))
  t.same(shown(mergeSiblings(left, right)), ['left', 'right'])
})

t.test('a put with the context of siblings leaves one', async t => {
  const left = putVersion(a1, seenOf(a1), versionOf('a', 2, 2, 'left'))
  const right = putVersion(a1, seenOf(a1), versionOf('b', 1, 3, 'right'))
  const both = mergeSiblings(left, right)
  const settled = putVersion(left, seenOf(both), versionOf('a', 3, 4, 'settled'))
  t.same(shown(mergeSiblings(settled, right)), ['settled'])
})

t.test('a blind put supersedes nothing', async t => {
  t.same(shown(putVersion(a1, blind, versionOf('b', 1, 2, 'two'))), ['one', 'two'])
})

t.test('a tombstone supersedes, and beside a value it is a visible sibling', async t => {
  t.same(shown(putVersion(a1, seenOf(a1), versionOf('a', 2, 2))), ['-'])
  t.same(shown(putVersion(a1, blind, versionOf('a', 2, 2))), ['one', '-'])
})

t.test('counters that skip bring nothing back (protocols 3)', async t => {
  const v = putVersion(noSiblings, blind, versionOf('a', 3, 1, 'v'))
  const skipped = putVersion(v, blind, versionOf('a', 10_003, 2, 'w'))
  const x = putVersion(noSiblings, seenOf(v), versionOf('b', 1, 3, 'x'))
  t.same(shown(mergeSiblings(skipped, x)), ['w', 'x'])
  t.same(shown(mergeSiblings(x, skipped)), ['w', 'x'])
})

t.test('one dot with two contents keeps both; a put that saw it supersedes both', async t => {
  const other = putVersion(noSiblings, blind, versionOf('a', 1, 2, 'other'))
  const both = mergeSiblings(a1, other)
  t.same([...shown(both)].sort(), ['one', 'other'])
  t.same(mergeSiblings(other, a1), both)
  t.equal(mergeSiblings(both, a1), both)
  t.same(shown(putVersion(both, seenOf(a1), versionOf('b', 1, 3, 'new'))), ['new'])
})

t.test('an empty value and a tombstone under one dot are two', async t => {
  const empty = putVersion(noSiblings, blind, versionOf('a', 1, 1, ''))
  const deleted = putVersion(noSiblings, blind, versionOf('a', 1, 1))
  t.same(shown(mergeSiblings(deleted, empty)), ['', '-'])
})

t.test('one operation under two dots keeps the smallest dot, in any order', async t => {
  const twin = putVersion(noSiblings, blind, versionOf('b', 1, 1, 'one'))
  const merged = mergeSiblings(twin, a1)
  t.same(merged.versions, a1.versions)
  t.same(mergeSiblings(a1, twin), merged)
  t.same(mergeSiblings(twin, merged).versions, a1.versions)
})

t.test('an operation known but not live on the other side was superseded there', async t => {
  const over = putVersion(a1, seenOf(a1), versionOf('a', 2, 2, 'two'))
  const late = putVersion(noSiblings, blind, versionOf('c', 1, 1, 'one'))
  t.same(shown(mergeSiblings(late, over)), ['two'])
  t.same(shown(mergeSiblings(over, late)), ['two'])
  t.same(shown(putVersion(late, seenOf(over), versionOf('c', 2, 3, 'three'))), ['three'])
})

t.test('a context of one twin supersedes the other', async t => {
  const twin = putVersion(noSiblings, blind, versionOf('b', 1, 1, 'one'))
  t.same(shown(putVersion(a1, seenOf(twin), versionOf('a', 2, 2, 'two'))), ['two'])
})

t.test('the 8 highest operations are kept, live or not', async t => {
  let held = noSiblings
  const order = [5, 1, 9, 3, 12, 7, 2, 11, 4, 10]
  order.forEach((op, i) => {
    held = putVersion(held, seenOf(held), versionOf('a', i + 1, op, `${op}`))
  })
  t.same(held.ops, [12, 11, 10, 9, 7, 5, 4, 3].map(opOf))
  t.equal(held.ops.length, opsKept)
  t.equal(appliedOp(held, opOf(10)), held.versions[0])
  t.equal(appliedOp(held, opOf(3)), 'superseded')
  t.equal(appliedOp(held, opOf(1)), undefined)
  t.ok(opBelowFullList(held, opOf(1)))
  t.notOk(opBelowFullList(held, opOf(3)), 'in the list')
  t.notOk(opBelowFullList(held, opOf(6)), 'would have been kept')
  t.notOk(opBelowFullList(a1, opOf(0)), 'the list is not full')
})

t.test("a put's context covers what it saw and itself", async t => {
  const next = versionOf('a', 2, 2, 'two')
  const seen = seenAfterPut(seenOf(a1), next, false)
  t.same(seen.vector, [{ actor: actorOf('a'), counter: 2 }])
  t.same(seen.ops, [2, 1].map(opOf))
})

t.test("a blind put's context leaves its actor's earlier siblings alone", async t => {
  const two = versionOf('a', 2, 2, 'two')
  const held = putVersion(a1, blind, two)
  const seen = seenAfterPut(blind, two, false)
  t.same(seen, { ...blind, ops: [opOf(2)] })
  t.same(shown(putVersion(held, seen, versionOf('a', 3, 3, 'three'))), ['one', 'three'])
  const elsewhere = putVersion(noSiblings, seen, versionOf('b', 1, 3, 'three'))
  t.same(shown(mergeSiblings(held, elsewhere)), ['one', 'three'])
})

t.test("a put's context keeps the 8 ids that it saw beside its own, however low", async t => {
  let held = noSiblings
  for (const [i, op] of [80, 70, 60, 50, 40, 30, 20, 15].entries()) {
    held = putVersion(held, seenOf(held), versionOf('a', i + 1, op, `${op}`))
  }
  const low = versionOf('a', 9, 10, 'low')
  const seen = seenAfterPut(seenOf(held), low, false)
  t.same(seen.ops, [80, 70, 60, 50, 40, 30, 20, 15, 10].map(opOf))
  // The one that had to give way would have been neither known nor below the list.
  t.ok(appliedOp({ ...noSiblings, ...seen }, opOf(15)))
  const after = seenAfterPut(seen, versionOf('a', 10, 90, 'high'), false)
  t.same(after.ops, [90, 80, 70, 60, 50, 40, 30, 20, 15].map(opOf))
})

t.test('a pinned operation is known however many newer ones came', async t => {
  let held = pinned(a1, opOf(1))
  for (let i = 2; i < 30; i++) held = putVersion(held, seenOf(held), versionOf('a', i, i, `${i}`))
  t.notOk(held.ops.includes(opOf(1)))
  t.equal(appliedOp(held, opOf(1)), 'superseded')
  const late = putVersion(noSiblings, blind, versionOf('c', 1, 1, 'one'))
  t.same(shown(mergeSiblings(late, held)), ['29'])
  t.same(shown(mergeSiblings(held, late)), ['29'])
  t.equal(pinned(held, opOf(1)), held)
})

t.test('whoever covers a dot by a context has its pin', async t => {
  const held = pinned(a1, opOf(1))
  const over = putVersion(noSiblings, seenOf(held), versionOf('b', 1, 2, 'two'))
  t.same(over.pins, [opOf(1)])
  t.same(seenAfterPut(seenOf(held), versionOf('b', 1, 2), true).pins, [2, 1].map(opOf))
})

t.test('a dot that is covered already is refused', async t => {
  t.throws(() => putVersion(a1, blind, versionOf('a', 1, 2, 'two')), /not covered/)
})

t.test('merging is commutative, associative and idempotent', async () => {
  fc.assert(
    fc.property(trios, ([a, b, c]) => {
      const ab = mergeSiblings(a, b)
      deepEqual(ab, mergeSiblings(b, a))
      deepEqual(mergeSiblings(ab, c), mergeSiblings(a, mergeSiblings(b, c)))
      equal(mergeSiblings(ab, b), ab)
      equal(mergeSiblings(a, { ...a, versions: [...a.versions] }), a)
    }),
    { numRuns: 300 },
  )
})
