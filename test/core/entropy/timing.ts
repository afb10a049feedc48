import t from 'tap'
import { defaultExchangeTiming } from '../../../src/core/entropy/timing.ts'

t.test('a full cycle of healthy members is below 30 s', async t => {
  const { pauseMs, passMsMax, cutAgeMs, skewMs } = defaultExchangeTiming
  t.ok(1.3 * pauseMs < 30_000)
  t.ok(passMsMax + cutAgeMs + skewMs <= 30_000)
})
