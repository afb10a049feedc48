import t from 'tap'
import { refill } from '../../src/sim/stories/refill.ts'
import { told } from '../helpers/told.ts'

t.test('refill: a read fails rather than miss what a lost disk had acknowledged', async t => {
  const { apart, refilled, refused, got, after } = told(t, refill)
  t.match(apart, { A: /bread/, B: /bread/, C: /milk/ })
  t.match(refilled, { A: /nothing/, C: /milk/ })
  t.match(refused, { type: 'failed', code: 'QUORUM', needed: 2 })
  t.match(got, { values: ['bread'], primaries: 'AC', fallbacks: '' })
  t.match(after, { A: /bread/, C: /bread/ })
})
