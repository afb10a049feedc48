import t from 'tap'
import type { NodeId } from '../../../src/core/ids.ts'
import { Directory } from '../../../src/core/membership/directory.ts'
import { mergeViews } from '../../../src/core/membership/view.ts'
import type { MemberRecord } from '../../../src/core/message.ts'
import type { RowKey, Store } from '../../../src/core/step.ts'
import { nodeHash } from '../../helpers/hash.ts'
import { entryOf } from '../../helpers/members.ts'

const self = 'n1' as NodeId
const record = (id: string, port: number): MemberRecord => {
  const { weight, zone, key, statement } = entryOf(id)
  return { id: id as NodeId, host: '127.0.0.1', port, weight, zone, key, statement }
}

/** A store of rows on a map. */
function storeOf(disk: Map<RowKey, Uint8Array>): Store {
  return {
    get: key => disk.get(key),
    range: (from, to, limit) =>
      [...disk]
        .filter(([key]) => key > from && key < to)
        .slice(0, limit)
        .map(([key, value]) => ({ key, value })),
  }
}

t.test('what was kept is known after a restart without any file', async t => {
  const disk = new Map<RowKey, Uint8Array>()
  const first = new Directory(nodeHash, storeOf(disk), [record('n1', 4701), record('n2', 4702)])
  t.equal(first.incarnationOf(self), 0)
  const view = mergeViews(first.view, [entryOf('n3', { version: 2 })])
  t.equal(first.learn('n3' as NodeId, { host: '127.0.0.1', port: 4703 }), true)
  t.equal(first.learn('n3' as NodeId, { host: '127.0.0.1', port: 4703 }), false)
  for (const { key, value } of first.rows(view, self, 4)) disk.set(key, value)
  t.equal(first.rows(view, self, 4).length, 0, 'nothing is written twice')
  t.equal(first.rows(view, self, 5).length, 1)
  const second = new Directory(nodeHash, storeOf(disk), [])
  t.same(second.view, view)
  t.equal(second.incarnationOf(self), 4)
  t.same(
    second.peers(second.view, self).map(({ id, port }) => `${id}:${port}`),
    ['n2:4702', 'n3:4703'],
  )
})

t.test("the operator's file knows better where they listen", async t => {
  const disk = new Map<RowKey, Uint8Array>()
  const first = new Directory(nodeHash, storeOf(disk), [record('n1', 4701), record('n2', 4702)])
  for (const { key, value } of first.rows(first.view, self, 1)) disk.set(key, value)
  const second = new Directory(nodeHash, storeOf(disk), [record('n1', 4701), record('n2', 5702)])
  t.match(second.peers(second.view, self), [{ id: 'n2', port: 5702 }])
})

t.test('a damaged row is passed over; an address that is not known is port 0', async t => {
  const disk = new Map<RowKey, Uint8Array>()
  const first = new Directory(nodeHash, storeOf(disk), [record('n2', 4702)])
  for (const { key, value } of first.rows(first.view, self, 1)) {
    value[value.length - 1]! ^= 1
    disk.set(key, value)
  }
  t.same(new Directory(nodeHash, storeOf(disk), []).view, [])
  const blind = new Directory(nodeHash, storeOf(new Map()), [record('n2', 0)])
  t.match(blind.records(blind.view), [{ id: 'n2', host: '', port: 0 }])
  t.same(blind.peers(blind.view, self), [])
})
