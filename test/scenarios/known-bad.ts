/** A story counts once a known-bad version of the code has made it another one. */
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { transcripts } from '../helpers/told.ts'

const root = join(import.meta.dirname, '../../..')

/** By the numbers of `docs/simulation.md`; 0: the code as it is. */
const pairs: readonly (readonly [number, string])[] = [
  [0, 'partition'],
  [2, 'handoff'],
  [14, 'handoff'],
  [6, 'reconcile'],
  [7, 'pruned-sibling'],
  [11, 'retry-expired'],
  [12, 'retry-expired'],
  [17, 'partition'],
  [42, 'refill'],
]

const code = `
  import { chooseMutants } from '#mutants'
  import { stories } from './build/src/sim/stories/all.js'
  import { tellStory } from './build/src/sim/stories/story.js'
  const told = ${JSON.stringify(pairs)}.map(([bad, name]) => {
    chooseMutants(bad === 0 ? [] : [bad])
    try {
      return tellStory(stories.find(story => story.name === name)).lines
    } catch (error) {
      return [error.message]
    }
  })
  process.stdout.write(JSON.stringify(told))
`

t.test('each is told otherwise', async t => {
  const words = ['--conditions=mutants', '--input-type=module', '-e', code]
  const { stdout } = await promisify(execFile)(process.execPath, words, { cwd: root })
  const told: readonly (readonly string[])[] = JSON.parse(stdout)
  for (const [i, [bad, name]] of pairs.entries()) {
    const usual = readFileSync(join(transcripts, `${name}.txt`), 'utf8')
    const text = `${told[i]!.join('\n')}\n`
    t.equal(text === usual, bad === 0, `${name} with known-bad version ${bad}`)
  }
})
