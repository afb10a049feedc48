/** Two of five nodes away under load, and a holder of hints killed while they come back. */
import t from 'tap'
import { soakOutage } from '../soak/outage.ts'

t.setTimeout(600_000)

t.test(
  'n2 and n4 are killed: every put is acknowledged, and hints bring them up to date',
  async t => {
    const report = await soakOutage({
      pair: ['n2', 'n4'],
      how: 'kill',
      killHolder: true,
      writesPerSecond: 200,
      normalMs: 1000,
      downMs: 8000,
      progress: line => t.comment(line),
    })
    t.match(report, { missing: [], notAtAllOwners: [], inexact: [], unacknowledged: 0 })
    t.ok(report.hintsAtMost > 500, `${report.hintsAtMost} hints`)
    t.ok(report.acknowledged > 1500, `${report.acknowledged} puts`)
    t.type(report.holderKilled, 'string')
  },
)
