import t from 'tap'
import { partitionsFrom, rangesFrom, wholeRing } from '../../src/cli/token-range.js'
import type { TokenRange } from '../../src/core/entropy/scope.ts'

const hex = (ranges: readonly TokenRange[]) =>
  ranges.map(({ first, last }) =>
    [first, last].map(token => Buffer.from(token, 'latin1').toString('hex')).join(' '),
  )
const range = (text: string) => hex(rangesFrom(text, 256))
const quarter = ['4000000000000000 7fffffffffffffff']

t.test('three ways to say the same', async t => {
  t.same(range('25%..50%'), quarter)
  t.same(range('0x40..0x80'), quarter)
  t.same(range('0x4000000000000000..0X8'), quarter)
  t.same(range('p64..p128'), quarter)
  t.same(hex(partitionsFrom('64..127', 256)), quarter)
  t.same(hex(partitionsFrom('255', 256)), ['ff00000000000000 ffffffffffffffff'])
})

t.test('the whole ring, its end, and past it', async t => {
  const whole = ['0000000000000000 ffffffffffffffff']
  t.same(hex(wholeRing), whole)
  t.same(range('0%..100%'), whole)
  t.same(range('p0..p256'), whole)
  t.same(range('p128..p256'), ['8000000000000000 ffffffffffffffff'])
  t.same(range('0x80..0x0'), ['8000000000000000 ffffffffffffffff'])
  t.same(range('75%..25%'), [
    '0000000000000000 3fffffffffffffff',
    'c000000000000000 ffffffffffffffff',
  ])
  t.same(range('12.5%..12.500001%'), ['2000000000000000 2000002af31dc460'])
})

t.test('what is no range: exit 2, and the three forms', async t => {
  const bad = ['', '25%', '25..50', '25%..101%', '0x..0x1', '0x40..50%', 'p1..p257', 'p3..p3']
  for (const text of [...bad, '1%..2%..3%', '0x00000000000000001..0x2', 'p-1..p2', '100%..0%']) {
    t.throws(() => rangesFrom(text, 256), {
      code: 'USAGE',
      message: /is no range of the ring/,
      suggestions: ['--range 25%..50%', '--range 0x40..0x80', '--range p64..p128'],
    })
  }
  for (const text of ['', '12..', '15..12', '3..256', '12...15', 'p3', '-1']) {
    t.throws(() => partitionsFrom(text, 256), {
      code: 'USAGE',
      message: /are no partitions: the cluster has partitions 0 to 255/,
    })
  }
})
