import t from 'tap'
import {
  claimEventual,
  claimSloppyFallback,
  claimSloppyWhole,
  claimStrict,
} from '../../src/sim/stories/claims.ts'
import { told } from '../helpers/told.ts'

for (const story of [claimStrict, claimSloppyWhole]) {
  t.test(`${story.name}: acknowledged is returned, shown is shown again`, async t => {
    const { wrote, got, half, first, whoHad, later } = told(t, story)
    t.match(wrote, { primaries: 'AB', fallbacks: '' })
    t.match(got, { values: ['bread'], fallbacks: '', unrepaired: false })
    t.match(half, { type: 'failed', definite: false }, 'nobody was told that it is written')
    t.match(first, { values: ['eggs'], repaired: 'B', fallbacks: '', unrepaired: false })
    t.equal(whoHad, 'AB', 'R owners had it when the reply left, and C had not')
    t.match(later, { values: ['eggs'], primaries: 'BC', fallbacks: '' }, 'without A')
  })
}

t.test('claim-sloppy-fallback: durable, and visible once the hint is home', async t => {
  const { wrote, apart, missed, after, got } = told(t, claimSloppyFallback)
  t.match(wrote, { primaries: 'A', fallbacks: 'D', hinted: 'B' })
  t.match(apart, { A: '"bread" {A,2}', B: '"milk" {A,1}', C: '"milk" {A,1}' })
  t.match(missed, { values: ['milk'], primaries: 'BC', fallbacks: '', unrepaired: false })
  const bread = '"bread" {A,2}'
  const nothing = 'nothing'
  t.same(after, { A: nothing, B: bread, C: bread, D: nothing, E: nothing }, "A's disk is lost")
  t.match(got, { values: ['bread'], primaries: 'BC', fallbacks: '' })
})

t.test('claim-eventual: a get returns less than an earlier one', async t => {
  const { half, shown, less, wrote, one, other, after } = told(t, claimEventual)
  t.match(half, { type: 'failed', definite: false })
  t.match(shown, { values: ['bread'], repaired: '', fallbacks: '' })
  t.match(less, { values: ['milk'], primaries: 'BC', fallbacks: '' })
  t.match(wrote, { needed: 1, primaries: 'A' })
  t.match(one, { needed: 1, values: ['eggs'], primaries: 'A' })
  t.match(other, { needed: 1, values: ['milk'], primaries: 'B' })
  t.equal(after.B, after.A, 'in the end all have it')
  t.equal(after.C, after.A)
})
