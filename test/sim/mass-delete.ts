/** What `npm run sim:mass-deletes` measures, smaller; and without a budget for rounds, which it must catch. */
import t from 'tap'
import { boundsPassed, runMassDelete } from '../../src/sim/mass-delete.ts'
import { runsAll } from '../helpers/budget.ts'
import { toldWithKnownBad } from '../helpers/known-bad-process.ts'

t.setTimeout(600_000)

t.test('many deletes while a node is away are reaped step by step', async t => {
  const result = runMassDelete(2, 2000)
  t.same(boundsPassed(result), [], result.firstStory ?? '')
  t.equal(result.deleted, 2000)
  t.ok(result.stepRows > 500, `${result.stepRows} rows in one step`)
})

t.test('known-bad 714, all of it in one step, is caught', { skip: !runsAll }, async t => {
  const code = `
    import { boundsPassed, runMassDelete } from './build/src/sim/mass-delete.js'
    chooseMutants([714])
    tell(boundsPassed(runMassDelete(1, 10000)))
  `
  t.match(await toldWithKnownBad(code), [/a step \(tick\) read \d+ rows/])
})
