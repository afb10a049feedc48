import t from 'tap'
import {
  durationMs,
  shownDuration,
  shownMicros,
  shownSpan,
  signedMs,
} from '../../src/cli/duration.js'

t.test('reads durations and refuses everything else', async t => {
  t.equal(durationMs('500ms'), 500)
  t.equal(durationMs('2s'), 2000)
  t.equal(durationMs('1.5s'), 1500)
  t.equal(durationMs('1m'), 60_000)
  for (const bad of ['', '5', 's', '-1s', '0ms', '1e9s', '25h', '5 s', '1s1', 'Infinitys']) {
    t.throws(() => durationMs(bad), { code: 'USAGE' }, bad)
  }
})

t.test('shows durations', async t => {
  t.equal(shownDuration(4.4), '4ms')
  t.equal(shownDuration(2140), '2.1s')
  t.equal(shownDuration(185_000), '3m 05s')
  t.equal(shownDuration(3_599_400), '59m 59s')
  t.equal(shownDuration(3_600_000), '1h 00m')
  t.equal(shownDuration(7_559_000), '2h 05m')
  t.equal(shownDuration(86_400_000 * 3 + 3_600_000 * 4.9), '3d 04h')
  t.same([420, 9_994, 12_340, 999_949, 2_140_000].map(shownMicros), [
    '0.42ms',
    '9.99ms',
    '12.3ms',
    '999.9ms',
    '2.1s',
  ])
})

t.test('reads a time ahead or behind, and shows it', async t => {
  t.equal(signedMs('0'), 0)
  t.equal(signedMs('5m'), 300_000)
  t.equal(signedMs('+5m'), 300_000)
  t.equal(signedMs('-1d'), -86_400_000)
  t.equal(signedMs('-0s'), 0)
  for (const bad of ['', '5', '--1d', '-', '1y', '3651d', '1d2h']) {
    t.throws(() => signedMs(bad), { code: 'USAGE' }, bad)
  }
  t.equal(shownSpan(0), '0')
  t.equal(shownSpan(86_400_000 + 3_600_000 + 5), '1d 1h 5ms')
})
