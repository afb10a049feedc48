/** What `npm run sim:mass-deletes` measures, smaller; and without a budget for rounds, which it must catch. */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { boundsPassed, runMassDelete } from '../../src/sim/mass-delete.ts'
import { runsAll } from '../helpers/budget.ts'

t.setTimeout(600_000)
const root = join(import.meta.dirname, '../../..')

t.test('many deletes while a node is away are reaped step by step', async t => {
  const result = runMassDelete(2, 2000)
  t.same(boundsPassed(result), [], result.firstStory ?? '')
  t.equal(result.deleted, 2000)
  t.ok(result.stepRows > 500, `${result.stepRows} rows in one step`)
})

t.test('known-bad 714, all of it in one step, is caught', { skip: !runsAll }, async t => {
  const code = `
    import { chooseMutants } from '#mutants'
    import { boundsPassed, runMassDelete } from './build/src/sim/mass-delete.js'
    chooseMutants([714])
    process.stdout.write(JSON.stringify(boundsPassed(runMassDelete(1, 10000))))
  `
  const words = ['--conditions=mutants', '--input-type=module', '-e', code]
  const { stdout } = await promisify(execFile)(process.execPath, words, { cwd: root })
  t.match(JSON.parse(stdout), [/a step \(tick\) read \d+ rows/])
})
