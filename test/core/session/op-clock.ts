import fc from 'fast-check'
import t from 'tap'
import { binaryOfUint48, uint48Of } from '../../../src/core/binary.ts'
import { encodeContext } from '../../../src/core/causality/context.ts'
import { nothingSeen } from '../../../src/core/causality/siblings.ts'
import { type Instant, type OpId, opAheadMsMax } from '../../../src/core/ids.ts'
import { middleOf, OpClock } from '../../../src/core/session/op-clock.ts'
import { key, opOf, seededRandom, testHash } from '../../helpers/session-world.ts'

const at = (ms: number) => ms as Instant
const random = seededRandom(3)
const hourMs = 3_600_000
const start = 1_700_000_000_000

function clockAt(time: number): OpClock {
  const clock = new OpClock()
  clock.told(at(0), time)
  return clock
}

t.test('an id is higher than the highest seen, also where a clock went back', async t => {
  const clock = clockAt(start)
  const seen = opOf(start + 20 * hourMs)
  clock.sawOp(at(0), seen)
  clock.sawOp(at(0), opOf(start))
  const first = clock.draw(at(5), random)
  t.ok(first > seen)
  t.ok(uint48Of(first) <= start + 20 * hourMs + 1, 'and by no more than it takes')
  t.equal(uint48Of(clock.draw(at(21 * hourMs), random)), start + 21 * hourMs, 'time catches up')
})

t.test('what a context shows counts, whoever was given it', async t => {
  const clock = clockAt(start)
  const ops = [opOf(start + 5 * hourMs), opOf(start + 4 * hourMs)]
  const keys = [{ id: 1, key: 'k'.repeat(32) }]
  clock.saw(at(0), encodeContext(testHash, keys, key('k'), { ...nothingSeen, ops }, 0))
  t.ok(clock.draw(at(0), random) > ops[0]!)
  clock.saw(at(0), undefined)
  clock.saw(at(0), Uint8Array.of(1, 2, 3))
  clock.saw(at(0), encodeContext(testHash, keys, key('k'), nothingSeen, 0))
  t.ok(clock.draw(at(0), random) > ops[0]!)
})

t.test('an id that nodes would refuse is not gone past', async t => {
  const clock = clockAt(start)
  clock.sawOp(at(0), opOf(start + opAheadMsMax))
  t.equal(uint48Of(clock.draw(at(7), random)), start + 7)
  clock.sawOp(at(7), opOf(start + 2 * hourMs))
  t.equal(uint48Of(clock.draw(at(7), random)), start + 2 * hourMs, 'and hides none that is near')
  clock.told(at(8), start - 22 * hourMs)
  t.equal(uint48Of(clock.draw(at(8), random)), start - 22 * hourMs, 'nor one when clocks go back')
})

t.test('ids that follow each other go on more slowly than a clock does', async t => {
  const clock = clockAt(start)
  let op = opOf(start + hourMs)
  // A durable write takes longer than this.
  const each = 0.3
  const ops = new Set<OpId>()
  for (let i = 0; i < 10_000; i++) {
    clock.sawOp(at(i * each), op)
    const next = clock.draw(at(i * each), random)
    t.ok(next > op, 'each is higher') || t.bailout()
    ops.add(next)
    op = next
  }
  t.equal(ops.size, 10_000)
  t.ok(uint48Of(op) < start + hourMs + 10_000 * each)
})

t.test('property: past any id, with luck of its own, to the end of time', async () => {
  const parts = fc.tuple(fc.nat({ max: 2 ** 48 - 2 }), fc.nat({ max: 2 ** 48 - 1 }))
  fc.assert(
    fc.property(parts, ([time, low]) => {
      const clock = clockAt(Math.max(0, time - hourMs))
      const seen = (binaryOfUint48(time) + binaryOfUint48(low)) as OpId
      clock.sawOp(at(0), seen)
      const [a, b] = [clock.draw(at(0), random), clock.draw(at(0), random)]
      return a > seen && b > seen && a !== b && a.length === 12 && uint48Of(a) <= time + 1
    }),
  )
})

t.test('of several clocks the middle one', async t => {
  t.equal(middleOf([]), undefined)
  t.equal(middleOf([5]), 5)
  t.equal(middleOf([9, 5]), 5)
  t.equal(middleOf([100, 0, 40]), 40)
  t.equal(middleOf([100, 40, 0, 41]), 40)
})
