import t from 'tap'
import { clockText, isWrongClock } from '../../src/cli/clock-view.ts'

t.test('a clock is wrong by more than a minute', async t => {
  t.notOk(isWrongClock(undefined))
  for (const ms of [0, 60_000, -60_000]) t.notOk(isWrongClock(ms))
  for (const ms of [60_001, -60_001]) t.ok(isWrongClock(ms))
  t.equal(clockText(25 * 3_600_000), "its clock is 1d 1h ahead of its peers': set it right")
  t.equal(clockText(-61_000), "its clock is 1m 1s behind its peers': set it right")
})
