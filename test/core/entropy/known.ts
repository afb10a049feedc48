import fc from 'fast-check'
import t from 'tap'
import { mergeSiblings, noSiblings } from '../../../src/core/causality/siblings.ts'
import { decodeKnown, encodeKnown, newsOf } from '../../../src/core/entropy/known.ts'
import { putOn } from '../../helpers/exchange-pair.ts'

const one = putOn(noSiblings, 'a', 'one')
const two = putOn(one, 'b', 'two')
const beside = putOn(one, 'c', 'beside', noSiblings)
const other = putOn(noSiblings, 'd', 'other')

t.test('who has news is told without the values', async t => {
  t.same(newsOf(one, two), { theirs: false, ours: true })
  t.same(newsOf(two, one), { theirs: true, ours: false })
  t.same(newsOf(beside, one), { theirs: true, ours: false })
  t.same(newsOf(one, other), { theirs: true, ours: true })
  t.same(newsOf(two, two), { theirs: false, ours: false })
  // A dot that was issued twice: both are kept.
  const twin = putOn(noSiblings, 'a', 'another one')
  t.same(newsOf(one, twin), { theirs: true, ours: true })
})

t.test('an object is news exactly where a merge would change what is live', async () => {
  const base = [noSiblings, one, two, beside, other, mergeSiblings(two, other)]
  const any = fc.constantFrom(...base, ...base.map(some => mergeSiblings(some, beside)))
  const live = (some: typeof one) => some.versions.map(({ op }) => op).join()
  fc.assert(
    fc.property(any, any, (a, b) => {
      const { theirs, ours } = newsOf(decodeKnown(encodeKnown(a))!, b)
      const merged = live(mergeSiblings(a, b))
      return theirs === (merged !== live(b)) && ours === (merged !== live(a))
    }),
  )
})

t.test('it is short, and damaged bytes are none', async t => {
  t.equal(encodeKnown(one).length, 35)
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 99 }), bytes => {
      const known = decodeKnown(bytes)
      return known === undefined || known.vector.length < 8
    }),
  )
  t.equal(decodeKnown(encodeKnown(two).slice(0, -1)), undefined)
})
