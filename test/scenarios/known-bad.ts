/** A story counts once a known-bad version of the code has made it another one. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { toldWithKnownBad } from '../helpers/known-bad-process.ts'
import { transcripts } from '../helpers/told.ts'

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
  tell(told)
`

t.test('each is told otherwise', async t => {
  const told = await toldWithKnownBad<readonly (readonly string[])[]>(code)
  for (const [i, [bad, name]] of pairs.entries()) {
    const usual = readFileSync(join(transcripts, `${name}.txt`), 'utf8')
    const text = `${told[i]!.join('\n')}\n`
    t.equal(text === usual, bad === 0, `${name} with known-bad version ${bad}`)
  }
})
