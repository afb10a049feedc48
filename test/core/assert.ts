import t from 'tap'
import { assert } from '../../src/core/assert.ts'

t.test('a broken invariant throws and says which', async t => {
  t.doesNotThrow(() => assert(true, 'holds'))
  t.throws(() => assert(false, 'counters rise'), /broken invariant: counters rise/)
})
