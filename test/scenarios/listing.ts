/** Listings tell the truth: each play ends well, and otherwise with its known-bad version. */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import type { scenarios } from '../helpers/listing-scenarios.ts'

const root = join(import.meta.dirname, '../../..')

/** The play, its known-bad version, what is listed, and what is listed then. */
const plays: readonly (readonly [keyof typeof scenarios, number, string, string])[] = [
  ['unwholeStore', 690, 'QUORUM', '[]'],
  ['missedDelete', 691, '[]', '[k]'],
]

const code = `
  import { chooseMutants } from '#mutants'
  import { scenarios } from './build/test/helpers/listing-scenarios.js'
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
