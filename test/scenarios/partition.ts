import t from 'tap'
import { partition } from '../../src/sim/stories/partition.ts'
import { told } from '../helpers/told.ts'

t.test('partition: {B,C} against {A,D,E}', async t => {
  const facts = told(t, partition)
  t.match(facts.leftRead, { values: ['milk'], primaries: 'BC', fallbacks: '' })
  t.match(facts.leftPut, { primaries: 'BC', fallbacks: '' }, 'two owners are a strict quorum')
  t.match(facts.missed, { type: 'failed', code: 'QUORUM', primaries: 'A', fallbacks: '' })
  t.match(facts.refused, { type: 'failed', code: 'QUORUM', definite: true })
  t.match(facts.rightPut, { primaries: 'A', fallbacks: 'D', hinted: 'B' })
  const own = { values: ['eggs'], primaries: 'A', fallbacks: 'D', unrepaired: true }
  t.match(facts.rightRead, own, 'what a fallback holds counts')
  t.match(facts.leftAgain, { values: ['bread'], primaries: 'BC' }, 'and nothing of the other side')
  t.match(facts.apart.B, /^"bread" \{A,1\},\{B,1\} and a hint for A/)
  t.match(facts.apart.D, /^a hint for B, "eggs" \{A,2\}$/)
  t.match(facts.apart.E, /^a hint for C, "eggs" \{A,2\}$/)
  const both = '"bread" and "eggs" {A,2},{B,1}'
  t.same(facts.together, { A: both, B: both, C: both, D: 'nothing', E: 'nothing' })
  t.equal(facts.all.length, 5)
  for (const got of facts.all) {
    t.match(got, { values: ['bread', 'eggs'], vector: '{A,2},{B,1}', fallbacks: '' })
  }
  const one = '"bread and eggs" {A,2},{B,1},{C,1}'
  t.same(facts.after, { A: one, B: one, C: one, D: 'nothing', E: 'nothing' })
})
