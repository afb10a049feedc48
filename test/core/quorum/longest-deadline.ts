import t from 'tap'
import type { Instant } from '../../../src/core/ids.ts'
import { deadlineOf, longestDeadlineMs } from '../../../src/core/quorum/longest-deadline.ts'

t.test('a request is coordinated for as long as its client gave, and never for longer', async t => {
  t.equal(deadlineOf(7 as Instant, 200), 207)
  t.equal(deadlineOf(7 as Instant, 86_400_000), 7 + longestDeadlineMs)
})
