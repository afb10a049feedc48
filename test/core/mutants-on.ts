import t from 'tap'
import { chooseMutants, luck, mutant, sometimes, takeNoted } from '../../src/core/mutants-on.ts'

t.test('known-bad versions are on while they are chosen', async t => {
  t.equal(mutant(1), false)
  t.equal(chooseMutants([1, 342]), true)
  t.equal(mutant(1), true)
  t.equal(mutant(342), true)
  t.equal(mutant(2), false)
  chooseMutants([])
  t.equal(mutant(1), false)
})

t.test('names are noted once, in order, until they are taken', async t => {
  sometimes('b')
  sometimes('a')
  sometimes('b')
  t.same(takeNoted(), ['a', 'b'])
  t.same(takeNoted(), [])
})

t.test('luck is between 0 and 1', async t => {
  for (let i = 0; i < 100; i++) t.ok(luck() >= 0 && luck() < 1)
})
