/** What `npm run sim:hot-key` measures, shorter; and with a lower bound on pins, which it must tell. */
import t from 'tap'
import { type HotKeyResult, type HotKeyWish, runHotKey } from '../../src/sim/hot-key.ts'
import { toldWithKnownBad } from '../helpers/known-bad-process.ts'

t.setTimeout(600_000)
const wish: HotKeyWish = {
  ...{ seed: 1, clients: 200, seconds: 240 },
  ...{ putsPerSecond: 4, lostPermille: 600 },
}

t.test(
  'one key, 200 clients, an owner away: no pins are full below 255, and all are shed',
  async t => {
    const { before, full, healed, ...result } = runHotKey(wish)
    t.equal(before.full, 0, 'no second send failed for full pins while they were not')
    t.ok(before.dots > 50 && before.pinned > 200, `${before.pinned} pins, ${before.dots} dots`)
    t.ok(full.full > 0, `${full.full} second sends found the pins full`)
    t.equal(before.unknown, before.belowList + before.tooFew + before.belowFloor)
    t.equal(result.pinsMost, 255)
    t.equal(result.pinBytesMost, 3062)
    t.ok(result.recordBytesMost < 8000, `${result.recordBytesMost} bytes`)
    t.ok(healed.shed > 0)
    t.ok((result.roundsToShed ?? 99) <= 2, `gone in ${result.roundsToShed} rounds`)
    t.equal(result.duplicates + result.lost, 0, result.firstStory ?? '')
  },
)

t.test('known-bad 636, pins full at 64, is told', async t => {
  const code = `
    import { runHotKey } from './build/src/sim/hot-key.js'
    chooseMutants([636])
    tell(runHotKey(${JSON.stringify({ ...wish, seconds: 60 })}))
  `
  const { before } = await toldWithKnownBad<HotKeyResult>(code)
  t.ok(before.full > 0, `${before.full} of ${before.unknown} unknown ends`)
})
