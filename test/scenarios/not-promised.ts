import t from 'tap'
import {
  lateEffect,
  lostDisk,
  noReadYourWrites,
  prunedSibling,
  retryExpired,
} from '../../src/sim/stories/not-promised.ts'
import { told } from '../helpers/told.ts'

const nothing = 'nothing'

t.test('no-read-your-writes: not over a fallback', async t => {
  const { wrote, missed, got, after } = told(t, noReadYourWrites)
  t.match(wrote, { primaries: 'C', fallbacks: 'D', hinted: 'A' })
  t.match(missed, { values: [], primaries: 'AB', fallbacks: '', unrepaired: false })
  t.match(got, { values: ['milk'], primaries: 'AB' })
  const milk = '"milk" {C,1}'
  t.same(after, { A: milk, B: milk, C: milk, D: nothing, E: nothing })
})

t.test('late-effect: unknown is not "no"', async t => {
  const { unknown, before, apart, after } = told(t, lateEffect)
  t.match(unknown, { type: 'failed', code: 'TIMEOUT', definite: false, primaries: 'A' })
  t.match(before, { values: ['milk'], primaries: 'BC' })
  t.match(apart.A, /^"bread" \{A,2\} and a hint for B, .* and a hint for C, /)
  t.match(after, { values: ['bread'] })
})

t.test('pruned-sibling: a settled sibling is back', async t => {
  const { siblings, settled, forgot, after, got, end } = told(t, prunedSibling)
  t.match(siblings, { A: /^"beer" and "wine" \{A,1\},\{C,1\}$/ })
  const one = '"beer and wine" {A,2},{C,1}'
  t.match(settled, { A: one, B: one, C: siblings.C, D: `a hint for C, ${one}` })
  t.notMatch(`${forgot.A} ${forgot.B}`, /\{C,1\}|beer/, 'A and B have forgotten')
  t.match(after, { A: /^"water" /, B: /^"water" /, C: siblings.C, D: nothing })
  t.same(got.values, ['beer', 'water'])
  t.match(end, { A: /^"tea" /, B: /^"tea" /, C: /^"tea" / }, 'it can be settled again')
})

t.test('lost-disk: no more copies than acks', async t => {
  const { safe, wrote, before, got, after } = told(t, lostDisk)
  t.match(safe, { needed: 2, primaries: 'AB' })
  t.match(wrote, { needed: 1, primaries: 'A', fallbacks: '' })
  t.match(before, { A: /^"bread" /, B: '"milk" {A,1}', C: '"milk" {A,1}' })
  t.match(got, { values: ['milk'], primaries: 'BC' }, 'a node that lost its disk does not count')
  const milk = '"milk" {A,1}'
  t.same(after, { A: milk, B: milk, C: milk, D: nothing, E: nothing })
})

t.test('retry-expired: past 8 operations a retry stays unknown', async t => {
  const { unknown, written, expired, after, known, pinned } = told(t, retryExpired)
  t.match(unknown, { type: 'failed', code: 'TIMEOUT', definite: false })
  t.match(written, { A: '"milk" {A,1}' }, 'it had happened')
  t.match(expired, { type: 'failed', code: 'RETRY_EXPIRED', definite: false })
  const list = '"list 8" {A,9}'
  t.same(after, { A: list, B: list, C: list, D: nothing, E: nothing }, 'not written twice')
  const done = { type: 'wrote', dot: undefined, primaries: 'AB' }
  t.match(known, done, 'sent again after one newer operation')
  t.match(pinned, done, 'and once more after nine')
})
