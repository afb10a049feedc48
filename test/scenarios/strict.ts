import t from 'tap'
import { strict } from '../../src/sim/stories/strict.ts'
import { told } from '../helpers/told.ts'

t.test('strict: refused, definitely, where sloppy goes on', async t => {
  const { refusedPut, afterRefusal, wrote, apart, refusedGet, got, strictGot, after } = told(
    t,
    strict,
  )
  t.match(refusedPut, { type: 'failed', code: 'QUORUM', definite: true, needed: 2 })
  const milk = '"milk" {A,1}'
  t.same(afterRefusal, { A: milk, B: milk, C: milk, D: 'nothing', E: 'nothing' })
  t.match(wrote, { primaries: 'C', fallbacks: 'D', hinted: 'A', needed: 2 })
  const bread = '"bread" {A,1},{C,1}'
  t.same(apart, {
    A: milk,
    B: milk,
    C: bread,
    D: `a hint for A, ${bread}`,
    E: `a hint for B, ${bread}`,
  })
  t.match(refusedGet, { type: 'failed', code: 'QUORUM', needed: 2 })
  t.match(got, { values: ['bread'], primaries: 'C', fallbacks: 'D', unrepaired: true })
  t.match(strictGot, { values: ['bread'], primaries: 'AB', fallbacks: '', unrepaired: false })
  t.same(after, { A: bread, B: bread, C: bread, D: 'nothing', E: 'nothing' })
})
