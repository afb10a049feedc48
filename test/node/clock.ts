import t from 'tap'
import { monotonicClock } from '../../src/node/clock.ts'

t.test('a clock that goes back ends the process', async t => {
  const times = [1, 1, 2.5, 2.4]
  const clock = monotonicClock(() => times.shift() ?? 0)
  t.equal(clock.now(), 1)
  t.equal(clock.now(), 1)
  t.equal(clock.now(), 2.5)
  t.throws(() => clock.now(), /does not go back/)
})

t.test('the system clock is monotonic', async t => {
  const clock = monotonicClock()
  const first = clock.now()
  t.ok(clock.now() >= first)
  t.ok(clock.wall() > 1_600_000_000_000)
})

t.test('a skew moves the wall clock and nothing else', async t => {
  let now = 0
  const clock = monotonicClock(() => now)
  const before = Date.now()
  clock.skew(3_600_000)
  t.equal(clock.skewMs(), 3_600_000)
  t.ok(clock.wall() >= before + 3_600_000)
  t.equal(clock.now(), 0)
  clock.skew(-3_600_000)
  t.ok(clock.wall() <= Date.now() - 3_600_000)
  clock.skew(-100 * 365 * 86_400_000)
  t.equal(clock.wall(), 0, 'no time lies before 1970')
  now = 1
  clock.skew(0)
  t.ok(clock.wall() >= before)
  t.equal(clock.now(), 1)
})
