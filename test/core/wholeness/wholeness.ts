import t from 'tap'
import type { Instant, NodeId, Token } from '../../../src/core/ids.ts'
import { longestDeadlineMs } from '../../../src/core/quorum/longest-deadline.ts'
import { wholenessRowKey } from '../../../src/core/row-key.ts'
import type { RowKey } from '../../../src/core/step.ts'
import { wholenessOf } from '../../helpers/wholeness.ts'

const [n2, n3] = ['n2', 'n3'] as NodeId[] as [NodeId, NodeId]
const late = longestDeadlineMs as Instant
const token = '\0\0\0\0\0\0\0\0' as Token
const five = ['n1', 'n2', 'n3', 'n4', 'n5']

t.test('a store that was made with the cluster is whole, and keeps no row of it', async t => {
  const disk = new Map<RowKey, Uint8Array>()
  const store = wholenessOf({ disk })
  t.same(store.view(), { whole: true, unwhole: 0, heard: true, waitsFor: [] })
  t.ok(store.isWhole(token) && store.isWholeWith(n2) && !store.needs(n2))
  store.equal(n2, late, true)
  t.equal(store.acceptLoss(n2), 0)
  t.equal(disk.size, 0)
  t.equal(store.rows, 0)
})

t.test(
  'a later one is whole once it was equal with all others that count, and stays so',
  async t => {
    const disk = new Map<RowKey, Uint8Array>()
    const store = wholenessOf({ disk, whole: false })
    store.tick(0 as Instant)
    t.same(store.view(), { whole: false, unwhole: 16, heard: true, waitsFor: ['n2', 'n3'] })
    t.ok(store.needs(n2, new Set([3])), 'in other partitions')
    t.notOk(store.needs(n2, new Set(Array.from({ length: 16 }).keys())))
    t.notOk(store.isWhole(token))
    t.ok(store.needs(n2) && !store.isWholeWith(n3))
    store.equal(n2, late, true)
    t.same(
      store.view(),
      { whole: false, unwhole: 16, heard: true, waitsFor: ['n3'] },
      'one is not enough',
    )
    t.notOk(store.needs(n2), 'and once is enough')
    t.equal(disk.size, 0, 'nothing is proved yet')
    store.equal(n3, late, true)
    t.ok(store.isWhole(token))
    t.same(store.view(), { whole: true, unwhole: 0, heard: true, waitsFor: [] })
    t.equal(wholenessOf({ disk, whole: false }).isWhole(token), true, 'after a restart too')
  },
)

t.test('a partition that is emptied is whole again once all of it is proved anew', async t => {
  const disk = new Map<RowKey, Uint8Array>()
  const store = wholenessOf({ disk })
  store.tick(0 as Instant)
  store.doubt(0)
  t.notOk(store.isWhole(token) || store.isWholeIn(0))
  t.ok(store.isWholeIn(1))
  t.same(store.view(), { whole: false, unwhole: 1, heard: true, waitsFor: ['n2', 'n3'] })
  t.notOk(wholenessOf({ disk }).isWholeIn(0), 'after a restart too')
  for (const node of [n2, n3]) store.equal(node, late, true)
  t.notOk(store.isWholeIn(0), 'equal as of a moment before it was emptied')
  store.tick(50 as Instant)
  for (const node of [n2, n3]) store.equal(node, (late + 50) as Instant, true)
  t.ok(store.isWholeIn(0))
})

t.test('what was equal too early, or with a store that is not whole, proves nothing', async t => {
  const store = wholenessOf({ whole: false })
  store.equal(n2, late, true)
  store.tick(100 as Instant)
  for (const node of [n2, n3]) {
    store.equal(node, late, true)
    store.equal(node, (late + 100) as Instant, false)
  }
  t.same(store.view().waitsFor, ['n2', 'n3'])
  for (const node of [n2, n3]) store.equal(node, (late + 100) as Instant, true)
  t.ok(store.view().whole)
})

t.test('partitions are whole one by one, each by N-W+1 of its own primaries', async t => {
  const disk = new Map<RowKey, Uint8Array>()
  const store = wholenessOf({ disk, members: five, whole: false })
  store.tick(0 as Instant)
  const all = store.view().unwhole
  for (const node of ['n3', 'n4', 'n5'] as NodeId[]) store.equal(node, late, true)
  const { whole, unwhole, waitsFor } = store.view()
  t.ok(!whole && unwhole > 0 && unwhole < all)
  t.same(waitsFor, ['n2'])
  t.notOk(store.isWholeWith(n2), 'what it shares with the silent one is in doubt')
  const again = wholenessOf({ disk, members: five, whole: false })
  t.equal(again.view().unwhole, unwhole)
})

t.test('with W = 3 of 5 three others are enough', async t => {
  const store = wholenessOf({ members: five, replicas: 5, writeQuorum: 3, whole: false })
  store.tick(0 as Instant)
  for (const node of ['n2', 'n4'] as NodeId[]) store.equal(node, late, true)
  t.notOk(store.view().whole)
  store.equal('n5' as NodeId, late, true)
  t.ok(store.view().whole)
})

t.test('an operator takes as given what only one member could prove', async t => {
  const disk = new Map<RowKey, Uint8Array>()
  const store = wholenessOf({ disk, whole: false })
  store.tick(0 as Instant)
  t.equal(store.acceptLoss('n9' as NodeId), 0, 'nobody waits for that one')
  t.equal(store.acceptLoss(n3), 16)
  t.same(store.view().waitsFor, ['n2'])
  const again = wholenessOf({ disk, whole: false })
  again.tick(0 as Instant)
  t.same(again.view().waitsFor, ['n2'], 'that is kept')
  again.equal(n2, late, true)
  t.ok(again.view().whole)
})

t.test('the only store of a cluster is whole again when its loss is accepted', async t => {
  const alone = { members: ['n1'], replicas: 1, writeQuorum: 1, whole: false }
  const store = wholenessOf(alone)
  store.tick(0 as Instant)
  t.same(store.view(), { whole: false, unwhole: 16, heard: true, waitsFor: [] })
  t.equal(store.acceptLoss('n1' as NodeId), 16)
  t.ok(store.view().whole)
})

t.test('a damaged row proves nothing', async t => {
  const disk = new Map([[wholenessRowKey, new Uint8Array(4)]])
  t.equal(wholenessOf({ disk }).view().unwhole, 16)
})

t.test('before another member has answered nothing counts', async t => {
  const store = wholenessOf({ unheard: true })
  t.notOk(store.isWhole(token) || store.isWholeWith(n2) || store.everywhere)
  t.notOk(store.needs(n2), 'though nothing is left to prove')
  const alone = wholenessOf({ unheard: true, members: ['n1'], replicas: 1, writeQuorum: 1 })
  alone.tick(0 as Instant)
  t.ok(alone.isWhole(token), 'where there is one')
})

t.test(
  'a store that others heard more of has nothing proved, and counts on from there',
  async t => {
    const disk = new Map<RowKey, Uint8Array>()
    const store = wholenessOf({ disk })
    const more = { from: n3, verdict: 'more', commits: 90, own: 40 } as const
    t.ok(store.recalled(more, 0 as Instant))
    t.same(store.view().unwhole, 16)
    t.equal(store.offset, 50)
    t.notOk(
      store.recalled({ ...more, from: n2, commits: 95, own: 90 }, 0 as Instant),
      'once a start',
    )
    t.equal(store.offset, 55)
    const again = wholenessOf({ disk })
    t.same([again.view().unwhole, again.offset], [16, 55])
  },
)

t.test('another store of the node is news to its first one only', async t => {
  const another = { from: n3, verdict: 'another-store', commits: 90, own: 40 } as const
  t.ok(wholenessOf().recalled(another, 0 as Instant))
  t.notOk(wholenessOf({ whole: false }).recalled(another, 0 as Instant))
})
