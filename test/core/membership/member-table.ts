import t from 'tap'
import type { Instant, NodeId } from '../../../src/core/ids.ts'
import { MemberTable } from '../../../src/core/membership/member-table.ts'
import { stateOf } from '../../helpers/member-states.ts'

const now = 1000 as Instant
const anyone = () => true
const self = 'n0' as NodeId
/** Who tells it all. */
const other = 'n99' as NodeId

function tableOf(count: number, budget = 16 * 1024): MemberTable {
  const table = new MemberTable(self, budget)
  table.setOwn(stateOf('n0'), now, 0)
  const deltas = Array.from({ length: count }, (_, i) => deltaOf(`n${i + 1}`, 5))
  table.apply(now, other, deltas, anyone, 0)
  return table
}

function deltaOf(id: string, heartbeat: number, incarnation = 1) {
  return { since: 0, ...stateOf(id, { heartbeat, incarnation, profileAt: heartbeat }) }
}

t.test('an exchange leaves both with the newest of either', async t => {
  const a = tableOf(5)
  const b = new MemberTable('n9' as NodeId, 16 * 1024)
  b.setOwn(stateOf('n9', { heartbeat: 3 }), now, 0)
  b.apply(now, other, [deltaOf('n2', 9), deltaOf('n3', 2)], anyone, 0)
  const { deltas, wants } = b.answer(now, a.digest(now))
  a.apply(now, other, deltas, anyone, 0)
  b.apply(now, other, a.deltas(now, wants), anyone, 0)
  for (const id of ['n0', 'n1', 'n2', 'n3', 'n4', 'n5', 'n9'] as NodeId[]) {
    t.same(a.state(id), b.state(id), id)
  }
  t.equal(a.state('n2' as NodeId)?.heartbeat, 9)
  t.equal(a.state('n3' as NodeId)?.heartbeat, 5)
})

t.test('a message stays within the budget, and in turn everybody is told', async t => {
  const table = tableOf(200, 512)
  const told = new Set<NodeId>()
  for (let i = 0; i < 20; i++) {
    const { entries, complete } = table.digest(now)
    t.equal(complete, false)
    t.ok(entries.length > 10 && entries.length < 50)
    for (const { id } of entries) told.add(id)
  }
  t.equal(told.size, 201)
  const empty = { entries: [], complete: true }
  t.ok(table.answer(now, empty).deltas.length < 20)
})

t.test('news goes first, and unasked where the digest is not complete', async t => {
  const table = tableOf(200, 512)
  table.apply(now, other, [deltaOf('n77', 6, 2)], anyone, 1000)
  t.equal(table.digest(now).entries[0]?.id, 'n77')
  t.equal(table.answer(now, { entries: [], complete: false }).deltas[0]?.id, 'n77')
  t.equal(table.isHot(now), true)
  const later = 2001 as Instant
  t.equal(table.isHot(later), false)
  t.same(table.answer(later, { entries: [], complete: false }).deltas, [])
})

t.test('a heartbeat alone is no news', async t => {
  const table = tableOf(3)
  const state = { ...stateOf('n1', { heartbeat: 6, profileAt: 5 }), since: 0 }
  table.apply(now, other, [{ ...state, profile: undefined, since: 5 }], anyone, 1000)
  t.equal(table.state('n1' as NodeId)?.heartbeat, 6)
  t.equal(table.isHot(now), false)
})

t.test('what is not believed is named, what is told of ourselves handed over', async t => {
  const table = tableOf(3)
  const isMember = (id: NodeId) => id !== 'n8'
  const deltas = [deltaOf('n8', 1), deltaOf('n1', 1, 2 ** 30), deltaOf('n0', 50)]
  const applied = table.apply(now, other, deltas, isMember, 0)
  t.same(applied.refused, ['n8', 'n1'])
  t.same(applied.ofSelf, [deltas[2]])
  t.equal(table.state(self)?.heartbeat, 1)
  t.same(applied.changed, [])
})

t.test('at first hand only the bounds of any record count: no lie keeps the truth out', async t => {
  const table = tableOf(3)
  const n1 = 'n1' as NodeId
  const ahead = deltaOf('n1', 2 ** 30, 2 ** 30)
  t.same(table.apply(now, other, [ahead], anyone, 0).refused, ['n1'])
  t.same(table.apply(now, n1, [ahead], anyone, 0).refused, [])
  t.equal(table.state(n1)?.incarnation, 2 ** 30)
  const past = deltaOf('n0', 2 ** 30)
  t.same(table.apply(now, other, [past], anyone, 0).ofSelf, [past], 'a life that was forgotten')
  for (const absurd of [deltaOf('n1', 5, 2 ** 40 + 1), deltaOf('n1', 2 ** 40 + 1, 2 ** 30 + 1)]) {
    t.same(table.apply(now, n1, [absurd], anyone, 0).refused, ['n1'])
  }
  const value = [{ node: self, incarnation: 2 ** 40 + 1 }]
  const accusing = { ...deltaOf('n2', 9), accusations: { at: 9, value } }
  t.same(table.apply(now, other, [accusing], anyone, 0).refused, ['n2'], 'nobody could refute it')
})

t.test('who is no member any more is forgotten', async t => {
  const table = tableOf(3)
  table.keepOnly(id => id === 'n1')
  t.same(
    [...table.states()].map(({ id }) => id),
    ['n0', 'n1'],
  )
})
