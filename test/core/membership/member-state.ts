import fc from 'fast-check'
import t from 'tap'
import {
  applyDelta,
  compareVersions,
  deltaSince,
  isNews,
  isPlausible,
  type MemberState,
} from '../../../src/core/membership/member-state.ts'
import { stateOf } from '../../helpers/member-states.ts'

t.test('whoever knows heartbeat h needs exactly what changed after h', async t => {
  const state = stateOf('n1', { heartbeat: 9, profileAt: 3, loadAt: 7, accusationsAt: 9 })
  const delta = deltaSince(state, { incarnation: 1, heartbeat: 7 })
  t.equal(delta.profile, undefined)
  t.equal(delta.load, undefined)
  t.same(delta.accusations, state.accusations)
  for (const known of [undefined, { incarnation: 0, heartbeat: 50 }]) {
    t.same(deltaSince(state, known).profile, state.profile, 'another life: all of it')
  }
})

t.test('a history of deltas, in any order and number, ends at the newest state', async t => {
  const history: MemberState[] = []
  for (let heartbeat = 1; heartbeat <= 12; heartbeat++) {
    const incarnation = heartbeat > 8 ? 2 : 1
    history.push(
      stateOf('n1', {
        incarnation,
        heartbeat,
        profileAt: heartbeat - (heartbeat % 3),
        loadAt: heartbeat - (heartbeat % 4),
        accusationsAt: heartbeat - (heartbeat % 5),
      }),
    )
  }
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(11), fc.nat(11)), { maxLength: 40 }), picks => {
      let known: MemberState | undefined
      for (const [at, base] of picks) {
        const state = history[at]!
        const before = known
        known = applyDelta(known, deltaSince(state, history[base])) ?? known
        if (before !== undefined && known !== before) t.ok(compareVersions(known!, before) > 0)
      }
      const last = history[11]!
      known = applyDelta(known, deltaSince(last, known)) ?? known
      t.same(known, last, 'one exchange with whoever knows all of it')
    }),
    { numRuns: 200 },
  )
})

t.test('a delta made for somebody who knew more is no use', async t => {
  const state = stateOf('n1', { heartbeat: 9, profileAt: 3 })
  const delta = deltaSince(state, { incarnation: 1, heartbeat: 5 })
  t.equal(applyDelta(undefined, delta), undefined)
  t.equal(applyDelta(stateOf('n1', { heartbeat: 4 }), delta), undefined)
  t.ok(applyDelta(stateOf('n1', { heartbeat: 5, profileAt: 3 }), delta))
})

t.test('a heartbeat and a load are no news; all else is', async t => {
  const known = stateOf('n1', { heartbeat: 4 })
  t.equal(isNews(known, stateOf('n1', { heartbeat: 5 })), false)
  t.equal(isNews(known, stateOf('n1', { heartbeat: 5, loadAt: 5 })), false)
  t.equal(isNews(known, stateOf('n1', { heartbeat: 5, profileAt: 5 })), true)
  t.equal(isNews(known, stateOf('n1', { heartbeat: 5, accusationsAt: 5 })), true)
  t.equal(isNews(known, stateOf('n1', { incarnation: 2 })), true)
  t.equal(isNews(undefined, known), true)
})

t.test('absurd counters are not believed', async t => {
  const known = stateOf('n1', { incarnation: 5, heartbeat: 100 })
  const isFit = (incarnation: number, heartbeat: number, ms = 0) =>
    isPlausible(known, { incarnation, heartbeat }, ms)
  t.equal(isFit(5 + 2 ** 20, 1), true)
  t.equal(isFit(6 + 2 ** 20, 1), false)
  t.equal(isFit(5, 100 + 2 ** 20), true)
  t.equal(isFit(5, 101 + 2 ** 20), false)
  t.equal(isFit(5, 101 + 2 ** 20, 1000), true, 'a second later it may have risen')
  t.equal(isFit(6, 2 ** 40), true, 'a process may have run for years')
  t.equal(isPlausible(undefined, { incarnation: 2 ** 20, heartbeat: 2 ** 30 }, 0), true)
  t.equal(isPlausible(undefined, { incarnation: 2 ** 20 + 1, heartbeat: 1 }, 0), false)
})
