import t from 'tap'
import type { Instant, NodeId, StartId, StoreId } from '../../../src/core/ids.ts'
import { noted, Roster, sent } from '../../../src/core/membership/roster.ts'
import { defaultTiming } from '../../../src/core/membership/timing.ts'
import { viewOf } from '../../../src/core/membership/view.ts'
import { nodeHash } from '../../helpers/hash.ts'
import { entryOf } from '../../helpers/members.ts'
import { seededRandom } from '../../helpers/session-world.ts'

function rosterOf(count: number): Roster {
  return new Roster({
    self: 'n1' as NodeId,
    hash: nodeHash,
    random: seededRandom(1),
    view: viewOf(Array.from({ length: count }, (_, i) => entryOf(`n${i + 1}`))),
    profile: {
      host: '127.0.0.1',
      port: 4701,
      store: 'store-01' as StoreId,
      start: 'start-01' as StartId,
      status: 'alive',
    },
    incarnation: 3,
    firstId: 7,
    timing: defaultTiming,
  })
}

t.test('a view that adds something is another epoch, and is told once', async t => {
  const roster = rosterOf(3)
  const before = roster.epoch
  t.equal(roster.adopt(roster.view), false)
  t.same(roster.takeChanges(), [])
  t.equal(roster.adopt([entryOf('n4'), entryOf('n2', { removed: true })]), true)
  t.not(roster.epoch, before)
  t.same([...roster.members], ['n1', 'n3', 'n4'])
  t.same(roster.takeChanges(), [{ type: 'view' }])
  t.same(roster.takeChanges(), [])
  t.equal(roster.isMember('n2' as NodeId), false)
})

t.test('our own heartbeat rises with every change', async t => {
  const roster = rosterOf(3)
  t.match(roster.own, { id: 'n1', incarnation: 3, heartbeat: 1 })
  roster.setOwn(5 as Instant, { incarnation: 4 })
  t.match(roster.own, { incarnation: 4, heartbeat: 2 })
  t.equal(roster.table.isHot(5 as Instant), true)
})

t.test('news lives longer in a larger cluster; numbers are never used twice', async t => {
  t.ok(rosterOf(1000).newsMs() > rosterOf(5).newsMs())
  const roster = rosterOf(3)
  t.same([roster.newId(), roster.newId(), roster.lastId], [8, 9, 9])
})

t.test('its effects are plain ones', async t => {
  const ping = { type: 'ping', id: 1 } as const
  t.same(sent('n2' as NodeId, ping), { type: 'send', to: 'n2', message: ping })
  t.match(noted('info', 'view', { members: 3 }), { type: 'note', note: { event: 'view' } })
})
