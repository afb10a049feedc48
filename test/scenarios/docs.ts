import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { stories } from '../../src/sim/stories/all.ts'
import { transcripts } from '../helpers/told.ts'

const page = readFileSync(join(transcripts, '../../../docs/stories.md'), 'utf8')

t.test('docs/stories.md lists every story as it is', async t => {
  const rows = [...page.matchAll(/^\| `([a-z-]+)` \| (.+?) \|$/gm)]
  t.same(
    rows.map(([, name, summary]) => ({ name, summary })),
    stories.map(({ name, summary }) => ({ name, summary })),
  )
})

t.test('its transcripts are those that the tests compare with', async t => {
  const blocks = [...page.matchAll(/<!-- story ([a-z-]+) -->\n```\n(.*?)```/gs)]
  t.equal(blocks.length, 2)
  for (const [, name, text] of blocks) {
    t.equal(text, readFileSync(join(transcripts, `${name}.txt`), 'utf8'), `${name}`)
  }
})

t.test('every story has a transcript, and no transcript is left over', async t => {
  const names = stories.map(({ name }) => `${name}.txt`)
  t.same(readdirSync(transcripts).sort(), names.sort())
})
