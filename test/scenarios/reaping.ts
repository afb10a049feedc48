/**
 * Deletes stay deleted: each play ends well with the code as it is, and otherwise
 * with the known-bad version that it is for.
 */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import type { scenarios } from '../helpers/reaping-scenarios.ts'

const root = join(import.meta.dirname, '../../..')

type Name = keyof typeof scenarios
/** The play, its known-bad version, how it ends, and how it ends then. */
const plays: readonly (readonly [Name, number, string, string])[] = [
  ['copyInFlight', 253, 'gone', 'back'],
  ['lateRead', 600, 'gone', 'back'],
  ['hintWaits', 251, 'waits, then gone', 'a hint is stuck'],
  ['onePrimaryMissed', 252, 'waits', 'back'],
  ['lateRetry', 38, 'gone', 'back'],
  ['lateHint', 39, 'gone', 'a hint is stuck'],
  ['givenUpRound', 40, 'gone', 'back'],
  ['refillAfterReap', 601, 'taken', 'thrown away'],
]

const code = `
  import { chooseMutants } from '#mutants'
  import { scenarios } from './build/test/helpers/reaping-scenarios.js'
  const ends = ${JSON.stringify(plays)}.map(([name, bad]) =>
    [[], [bad]].map(switches => {
      chooseMutants(switches)
      return scenarios[name]()
    }),
  )
  process.stdout.write(JSON.stringify(ends))
`

t.test('each ends well, and otherwise with its known-bad version', async t => {
  const words = ['--conditions=mutants', '--input-type=module', '-e', code]
  const { stdout } = await promisify(execFile)(process.execPath, words, { cwd: root })
  const ends: readonly (readonly string[])[] = JSON.parse(stdout)
  for (const [i, [name, bad, well, badly]] of plays.entries()) {
    t.same(ends[i], [well, badly], `${name}, known-bad ${bad}`)
  }
})
