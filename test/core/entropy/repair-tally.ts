import t from 'tap'
import { movesMax } from '../../../src/core/entropy/repair-message.ts'
import { Tally } from '../../../src/core/entropy/repair-tally.ts'
import type { Key, NodeId } from '../../../src/core/ids.ts'

const [n1, n2] = ['n1', 'n2'] as NodeId[] as [NodeId, NodeId]

t.test(
  'copies and bytes by who got them, partitions by why they were not proved equal',
  async t => {
    const tally = new Tally()
    tally.moved(n2, 10)
    tally.moved(n1, 5)
    tally.moved(n2, 1)
    tally.leaveOut(n2, 3, 'silent')
    tally.leaveOut(n2, 4, 'silent')
    tally.leaveOut(n2, 1, 'written')
    t.same([tally.copies, tally.bytes], [3, 16])
    t.same(tally.perNode, [
      ['n1', 1],
      ['n2', 2],
    ])
    t.same(tally.unproved, [
      { node: 'n2', partitions: 7, why: 'silent' },
      { node: 'n2', partitions: 1, why: 'written' },
    ])
  },
)

t.test('a preview counts all its moves and remembers the first', async t => {
  const tally = new Tally()
  const move = { key: 'k' as Key, from: n1, to: n2, bytes: 2 }
  tally.preview(Array.from({ length: movesMax + 5 }, () => move))
  t.same([tally.moves.length, tally.movesTotal], [movesMax, movesMax + 5])
  t.same([tally.copies, tally.bytes], [movesMax + 5, 2 * (movesMax + 5)])
})
