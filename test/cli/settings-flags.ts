import t from 'tap'
import { fallbacksFrom, settingsFlags, wantedSettings } from '../../src/cli/settings-flags.js'

t.test('fallbacks are a number or all', async t => {
  t.same(['0', '3', '256', 'all'].map(fallbacksFrom), [0, 3, 256, 'all'])
  for (const bad of ['', '-1', '1.5', 'none', 'ALL', '1000']) {
    t.throws(() => fallbacksFrom(bad), { code: 'USAGE', message: 'no number of fallbacks' }, bad)
  }
})

t.test('every flag reaches the settings, and what is not given stays open', async t => {
  const given = {
    nodes: 7,
    replicas: 3,
    'read-quorum': 1,
    'write-quorum': 3,
    partitions: 64,
    fallbacks: 'all',
    durability: 'committed',
    'read-repair': 0.1,
    'hint-quota': 1000,
    'base-port': 0,
  } as const
  t.same(Object.keys(given).sort(), Object.keys(settingsFlags).sort())
  const wanted = wantedSettings(given)
  t.same(Object.values(wanted).map(String).sort(), Object.values(given).map(String).sort())
  t.match(wanted, { readQuorum: 1, writeQuorum: 3, readRepair: 0.1, hintQuota: 1000, basePort: 0 })
  const none = Object.fromEntries(Object.keys(given).map(name => [name, undefined]))
  t.ok(Object.values(wantedSettings(none as never)).every(value => value === undefined))
})
