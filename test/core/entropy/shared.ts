import t from 'tap'
import { Shared, sharedOf } from '../../../src/core/entropy/shared.ts'
import { tokenOf } from '../../../src/core/hash.ts'
import type { Key, NodeId } from '../../../src/core/ids.ts'
import { nodeHash } from '../../../src/node/hash.ts'
import { Side } from '../../helpers/exchange-pair.ts'

t.test('what two members share is what both own', async t => {
  const { placement } = new Side('n1', ['n1', 'n2', 'n3', 'n4', 'n5'], 32)
  const [n1, n2] = ['n1', 'n2'] as NodeId[] as [NodeId, NodeId]
  const shared = new Shared(placement.ring, n1, n2)
  t.equal(shared.none, false)
  for (let i = 0; i < 100; i++) {
    const token = tokenOf(nodeHash, `k${i}` as Key)
    const primaries = placement.primaries(token)
    t.equal(shared.holds(token), primaries.includes(n1) && primaries.includes(n2))
  }
  const partitions = Array.from({ length: 32 }, (_, i) => i).filter(shared.has)
  t.same(shared.children(0, 0, 4), [...new Set(partitions.map(one => one >> 1))])
  const first = partitions[0]!
  t.same(
    shared.children(5, first, 2),
    [0, 1, 2, 3].map(i => 4 * first + i),
  )
  t.equal(shared.meets(0, 0), true)
  t.equal(shared.meets(7, 4 * first), true)
  t.equal(sharedOf(placement.ring, n1, n2), sharedOf(placement.ring, n1, n2), 'found once')
  t.equal(new Shared(placement.ring, n1, 'n9' as NodeId).none, true)
})
