import t from 'tap'
import { hintQuotaFrom, shownSize } from '../../src/cli/size.js'

t.test(
  'a quota is a part of the disk or a size, and never so little that it is a slip',
  async t => {
    t.equal(hintQuotaFrom('10%'), 0.1)
    t.equal(hintQuotaFrom('100%'), 1)
    t.equal(hintQuotaFrom('0.5%'), 0.005)
    const sizes = {
      '1000B': 1000,
      '1KB': 1000,
      '1kb': 1000,
      '512MB': 512_000_000,
      '1.5GB': 1_500_000_000,
      '2KiB': 2048,
      '1GiB': 2 ** 30,
      '8TB': 8e12,
    }
    for (const [text, bytes] of Object.entries(sizes)) t.equal(hintQuotaFrom(text), bytes, text)
    const parts = ['', '0%', '101%', '-1%', '%', '1e2%', '10', '0.1', 'all']
    const slips = [
      '1B',
      '999B',
      '0B',
      'MB',
      '-1MB',
      '1e3MB',
      '10 MB',
      '1iB',
      '1PB',
      '10MB1',
      '99999TB',
    ]
    for (const bad of [...parts, ...slips]) {
      const refusal = { code: 'USAGE', message: `"${bad}" is no quota for hints: write a part` }
      t.throws(() => hintQuotaFrom(bad), refusal, bad)
    }
  },
)

t.test('shows sizes', async t => {
  const shown = [0, 999, 1000, 48_213, 999_949, 999_950, 1.2e9, 51.2e12, 5e17].map(shownSize)
  t.same(shown, [
    '0 B',
    '999 B',
    '1.0 KB',
    '48.2 KB',
    '999.9 KB',
    '1.0 MB',
    '1.2 GB',
    '51.2 TB',
    '500000.0 TB',
  ])
})
