import t from 'tap'
import { explainedWhats } from '../../src/core/explained.ts'

t.test('each thing that can happen has one name, short enough for the wire', async t => {
  t.equal(new Set(explainedWhats).size, explainedWhats.length)
  for (const what of explainedWhats) t.match(what, /^[a-z]+(-[a-z]+)?$/)
})
