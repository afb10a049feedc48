import t from 'tap'
import { reconcile } from '../../src/sim/stories/reconcile.ts'
import { told } from '../helpers/told.ts'

t.test("reconcile: figure 3 of Dynamo's paper", async t => {
  const { before, left, right, apart, together, both, merged, after, got } = told(t, reconcile)
  t.match(before, { A: '"D2" {A,2}', B: '"D2" {A,2}', C: '"D2" {A,2}' })
  t.match(left, { dot: '{B,1}', primaries: 'B', fallbacks: 'D', hinted: 'A' })
  t.match(right, { dot: '{C,1}', primaries: 'C', fallbacks: 'E', hinted: 'A' })
  t.match(apart.A, /^"D2" \{A,2\}$/)
  t.match(apart.B, /^"D3" \{A,2\},\{B,1\} and a hint for C/)
  t.match(apart.C, /^"D4" \{A,2\},\{C,1\} and a hint for B/)
  const two = '"D3" and "D4" {A,2},{B,1},{C,1}'
  t.same(together, { A: two, B: two, C: two, D: 'nothing', E: 'nothing' })
  t.match(both, { values: ['D3', 'D4'], vector: '{A,2},{B,1},{C,1}' })
  t.match(merged, { dot: '{A,3}', siblings: 0 })
  const one = '"D5" {A,3},{B,1},{C,1}'
  t.same(after, { A: one, B: one, C: one, D: 'nothing', E: 'nothing' })
  t.match(got, { values: ['D5'], vector: '{A,3},{B,1},{C,1}' })
})
