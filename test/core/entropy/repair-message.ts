import t from 'tap'
import { movesAtOnce, movesMax, rangesMax } from '../../../src/core/entropy/repair-message.ts'
import { keyBytesMax } from '../../../src/core/ids.ts'
import { frameBytesMax, itemsMax } from '../../../src/wire/bounds.ts'

t.test('a plan and an answer of the largest kind fit into a frame', async t => {
  t.ok(3 * rangesMax < itemsMax && 32 * rangesMax < frameBytesMax)
  t.ok(5 * movesAtOnce < itemsMax && movesAtOnce * (keyBytesMax + 128) < frameBytesMax)
  t.ok(movesAtOnce <= movesMax)
})
