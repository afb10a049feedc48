/**
 * An operation takes effect once: each play ends well with the code as it is, and otherwise with
 * the known-bad version that it is for.
 */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import type * as split from '../helpers/pins-scenarios.ts'
import type * as shedding from '../helpers/pins-shedding.ts'

const root = join(import.meta.dirname, '../../..')

type Name = keyof typeof split | keyof typeof shedding
/** The play, its known-bad version, how it ends, and how it ends then. */
const plays: readonly (readonly [Name, number, string, string])[] = [
  // No pins at all; none for a put that ended in doubt.
  ['splitAndRetry', 634, 'once', 'back'],
  ['splitAndRetryMirrored', 633, 'once', 'back'],
  // Pins in records only; cut at a merge; none for known ids.
  ['contextWithoutPin', 620, 'once', 'back'],
  ['threePins', 621, 'once', 'back'],
  ['knownThenIsland', 622, 'once', 'back'],
  // Shed at the mark, at the turn, when all are equal.
  ['hintBehindTurn', 623, 'once', 'back'],
  ['hintBehindTurn', 624, 'once', 'back'],
  ['hintBehindTurn', 625, 'once', 'back'],
  // A primary without the pin marks; later pins are shed, too.
  ['oneLacksThePin', 626, 'once', 'back'],
  ['pinnedMeanwhile', 627, 'once', 'back'],
  // A primary takes a pin of which it can say nothing.
  ['plantedPin', 635, 'VALUE', 'lost'],
  // The generation raised by a read; the ids of the base only; a retry reads a new context.
  ['reapedThenAgain', 628, 'once', 'back'],
  ['newerContext', 629, 'over', 'lost'],
  ['oppositeOrders', 630, 'over', 'lost'],
  // A reply's context drops the eighth id.
  ['eighthId', 631, 'RETRY_EXPIRED, low', 'wrote, lost'],
]

const code = `
  import { chooseMutants } from '#mutants'
  import * as split from './build/test/helpers/pins-scenarios.js'
  import * as shedding from './build/test/helpers/pins-shedding.js'
  const scenarios = { ...split, ...shedding }
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
