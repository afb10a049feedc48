import t from 'tap'
import { isRepairMode } from '../../../src/core/quorum/repair-mode.ts'

t.test('a word, or a part between 0 and 1', async t => {
  for (const value of ['blocking', 'async', 'off', 0, 0.1, 1]) t.ok(isRepairMode(value), `${value}`)
  for (const value of ['', 'on', '0.1', -0.1, 1.1, Number.NaN, null, undefined, {}]) {
    t.notOk(isRepairMode(value), `${value}`)
  }
})
