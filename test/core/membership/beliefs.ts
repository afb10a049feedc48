import t from 'tap'
import { memberStatuses } from '../../../src/core/membership/beliefs.ts'

t.test('the four words of the glossary, each once', async t => {
  t.same(memberStatuses, ['alive', 'suspect', 'down', 'left'])
})
