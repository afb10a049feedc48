import t from 'tap'
import { lowBits, nearest, shortEpoch } from '../../../src/core/entropy/clocks.ts'
import type { Epoch } from '../../../src/core/ids.ts'

t.test('a time is found again by its low bits, however the clocks differ', async t => {
  const wall = 1_800_000_000_000
  for (const apart of [0, 1, -1, 86_400_000, -86_400_000, 2 ** 31 - 1, -(2 ** 31)]) {
    t.equal(nearest(wall, lowBits(wall + apart)), wall + apart)
  }
})

t.test('epochs are told apart by their first bytes', async t => {
  t.equal(shortEpoch('\x00\x00\x01\x02rest' as Epoch), 258)
  t.equal(shortEpoch('\xff\xff\xff\xffrest' as Epoch), 2 ** 32 - 1)
})
