import t from 'tap'
import type { Epoch, Instant, Key, NodeId, Partition, Token } from '../../../src/core/ids.ts'
import { unfinished } from '../../../src/core/reaping/round.ts'

const key = { token: 't'.repeat(8) as Token, key: 'k' as Key }
const mark = {
  epoch: 'e' as Epoch,
  generation: 7,
  round: 99,
  keys: [{ ...key, tombstones: [], entries: [] }],
  pins: [{ ...key, ops: [] }],
}
const owners = ['n1', 'n2'] as NodeId[]
const of = (floor: number, reaped: number) =>
  unfinished({
    ...{ partition: 3 as Partition, mark, owners, now: 5 as Instant },
    state: { generation: 8, floor, reaped },
  })

t.test('a round that got as far as its floor, and was not ended here', async t => {
  t.equal(of(7, 7), undefined, 'no floor of it')
  t.equal(of(8, 8), undefined, 'it was reaped')
  const round = of(8, 7)
  t.match(round, { partition: 3, epoch: 'e', generation: 7, round: 99, step: 'floor', began: 5 })
  t.same([...(round?.left ?? [])], owners)
  t.same(round?.keys, [{ ...key, digest: '' }])
})
