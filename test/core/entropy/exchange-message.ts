import t from 'tap'
import { exchangeStates } from '../../../src/core/entropy/exchange-message.ts'

t.test('states keep their numbers: they travel', async t => {
  t.same(exchangeStates, ['ok', 'stale-view', 'not-ready', 'not-whole', 'refilling'])
})
