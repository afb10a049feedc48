import t from 'tap'
import type { OpId } from '../../src/core/ids.ts'
import { codes, nothingDone } from '../../src/core/outcome.ts'

t.test('nothing done is definite', async t => {
  const op = 'o'.repeat(12) as OpId
  const outcome = nothingDone(2, op)
  t.equal(outcome.definite, true)
  t.equal(outcome.needed, 2)
  t.equal(outcome.op, op)
  t.same([...outcome.primaryAcks, ...outcome.fallbackAcks, ...outcome.hinted], [])
})

t.test('a code is named once', async t => {
  t.equal(new Set(codes).size, codes.length)
})
