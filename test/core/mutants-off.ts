import t from 'tap'
import * as off from '../../src/core/mutants-off.ts'
import * as on from '../../src/core/mutants-on.ts'

t.test('the shipped half has no known-bad version and notes nothing', async t => {
  t.equal(off.chooseMutants([1, 2]), false)
  t.equal(off.mutant(1), false)
  off.sometimes('a path')
  t.same(off.takeNoted(), [])
  t.equal(off.luck(), 0)
})

t.test('it is the half that is taken where nobody asks for the other', async t => {
  const taken = await import('#mutants')
  t.equal(taken.mutant, off.mutant)
})

t.test('both halves have the same functions', async t => {
  t.same(Object.keys(off).sort(), Object.keys(on).sort())
})
