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
