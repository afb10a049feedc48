import t from 'tap'
import { roundSteps } from '../../../src/core/reaping/round-message.ts'

t.test('steps are told by their place: none may ever move', async t => {
  t.same(roundSteps, ['learn', 'prove', 'turn', 'drain', 'floor', 'reap'])
})
