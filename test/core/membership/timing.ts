import t from 'tap'
import { defaultTiming } from '../../../src/core/membership/timing.ts'

t.test('a regular member is suspect after about 1.6 s, and accused before 3 s', async t => {
  const { pingMs, pauseMs, indirectMs, newsRoundMs, roundMs } = defaultTiming
  // φ 8 is reached 5.6 standard deviations behind the mean; none is below 100 ms.
  const suspectMs = pingMs + pauseMs + 560
  t.ok(suspectMs > 1500 && suspectMs < 1700)
  t.ok(suspectMs + pingMs + indirectMs + newsRoundMs < 3000)
  t.ok(newsRoundMs * 4 <= roundMs)
})
