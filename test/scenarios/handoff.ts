import t from 'tap'
import { handoff } from '../../src/sim/stories/handoff.ts'
import { told } from '../helpers/told.ts'

t.test('handoff: the hint waits at D and goes home', async t => {
  const { wrote, down, held, left, back, got } = told(t, handoff)
  t.match(wrote, { primaries: 'BC', fallbacks: 'D', hinted: 'A', needed: 3 })
  t.equal(held, 1)
  const milk = '"milk" {B,1}'
  t.same(down, { A: 'nothing', B: milk, C: milk, D: `a hint for A, ${milk}`, E: 'nothing' })
  t.equal(left, 0, 'no node keeps a hint')
  t.same(back, { A: milk, B: milk, C: milk, D: 'nothing', E: 'nothing' })
  t.match(got, { values: ['milk'], primaries: 'A', needed: 1 })
})
