import t from 'tap'
import { staleReadAsync, staleReadBlocking } from '../../src/sim/stories/stale-read.ts'
import { told } from '../helpers/told.ts'

const old = '"milk" {A,1}'
const fresh = '"bread" {A,2}'

t.test('stale-read-blocking: the reply waits for the stale replica', async t => {
  const { stale, got, whoHad, replyMs, after } = told(t, staleReadBlocking)
  t.match(stale, { A: fresh, B: fresh, C: old, D: `a hint for C, ${fresh}` })
  t.match(got, { values: ['bread'], primaries: 'AC', repaired: 'C', unrepaired: false })
  t.equal(whoHad, 'ABC', 'on the disks when the reply left')
  t.ok(replyMs > 300 && replyMs < 350, `${replyMs} ms`)
  t.same(after, { A: fresh, B: fresh, C: fresh, D: 'nothing', E: 'nothing' })
})

t.test('stale-read-async: the reply does not wait', async t => {
  const { stale, got, whoHad, replyMs, repairedMs, after } = told(t, staleReadAsync)
  t.match(stale, { A: fresh, B: fresh, C: old, D: `a hint for C, ${fresh}` })
  t.match(got, { values: ['bread'], primaries: 'AC', repaired: '', unrepaired: false })
  t.equal(whoHad, 'AB', 'C had it not when the reply left')
  t.ok(replyMs < 50, `${replyMs} ms`)
  t.ok(repairedMs > 300 && repairedMs < 350, `${repairedMs} ms`)
  t.same(after, { A: fresh, B: fresh, C: fresh, D: 'nothing', E: 'nothing' })
})
