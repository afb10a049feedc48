import t from 'tap'
import { repairModeFrom } from '../../src/cli/repair-mode.js'

t.test('reads how reads repair and refuses everything else', async t => {
  for (const mode of ['blocking', 'async', 'off'] as const) t.equal(repairModeFrom(mode), mode)
  t.same(['0', '1', '0.1', '.25', '1.0'].map(repairModeFrom), [0, 1, 0.1, 0.25, 1])
  for (const bad of ['', 'on', 'Blocking', '1.1', '-0.1', '10%', '1e-1', '.', '0.', 'NaN']) {
    const refusal = { code: 'USAGE', message: `"${bad}" is no way to repair: write blocking` }
    t.throws(() => repairModeFrom(bad), refusal, bad)
  }
})
