import t from 'tap'
import { Throttle, ThrottledPace } from '../../../src/core/entropy/throttle.ts'
import type { Instant } from '../../../src/core/ids.ts'

const at = (ms: number) => ms as Instant
const free = { keysPerSecond: undefined, bytesPerSecond: undefined }

t.test(
  'what moved sets when it goes on; time in which nothing moved is not made up for',
  async t => {
    const throttle = new Throttle({ ...free, keysPerSecond: 10 }, at(0))
    for (let i = 0; i < 5; i++) throttle.moved(100)
    t.equal(throttle.nextAt(at(0)), 500)
    t.equal(throttle.nextAt(at(100)), 500)
    t.equal(throttle.nextAt(at(60_000)), 60_000)
    throttle.moved(100)
    t.equal(throttle.nextAt(at(60_000)), 60_100)
  },
)

t.test('keys and bytes together; the slower one counts', async t => {
  const throttle = new Throttle({ keysPerSecond: 1000, bytesPerSecond: 1000 }, at(0))
  throttle.moved(500)
  t.equal(throttle.nextAt(at(0)), 500)
  t.equal(throttle.sizeMax, 1)
  t.equal(new Throttle({ ...free, keysPerSecond: 100 }, at(0)).sizeMax, 50)
  t.equal(new Throttle(free, at(0)).sizeMax, Number.POSITIVE_INFINITY)
})

t.test('a pace under a throttle: smaller and later than without', async t => {
  const throttle = new Throttle({ ...free, keysPerSecond: 20 }, at(0))
  const pace = new ThrottledPace(throttle)
  t.equal(pace.size, 10)
  for (let i = 0; i < 10; i++) throttle.moved(1)
  pace.acknowledged(at(7), 7, 0, false)
  t.same([pace.size, pace.nextAt], [10, 500])
  const free2 = new ThrottledPace(new Throttle(free, at(0)))
  free2.acknowledged(at(7), 7, 0, false)
  t.same([free2.size, free2.nextAt], [48, 7])
})
