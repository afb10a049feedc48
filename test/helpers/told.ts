/** Tells a story and compares its transcript with the one kept beside the tests. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Story, tellStory } from '../../src/sim/stories/story.ts'

type Test = { readonly equal: (found: string, wanted: string, message: string) => boolean }

export const transcripts = join(import.meta.dirname, '../../../test/scenarios/transcripts')

/** Its facts. `TAP_SNAPSHOT=1` keeps what is told now. */
export function told<Facts>(t: Test, story: Story<Facts>): Facts {
  const { lines, facts } = tellStory(story)
  const text = `${lines.join('\n')}\n`
  const file = join(transcripts, `${story.name}.txt`)
  if (process.env['TAP_SNAPSHOT'] === '1') writeFileSync(file, text)
  t.equal(text, readFileSync(file, 'utf8'), `the transcript of ${story.name}`)
  return facts
}
