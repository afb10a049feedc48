import t from 'tap'
import type { Key, NodeId } from '../../src/core/ids.ts'
import { Placement } from '../../src/core/placement.ts'
import { nodeHash } from '../../src/node/hash.ts'
import { TestCluster } from '../helpers/replicas.ts'

t.test('who owns a key, and who can be reached', async t => {
  const { settings, members } = new TestCluster(5)
  const [n1, n2] = ['n1', 'n2'] as NodeId[] as [NodeId, NodeId]
  const placement = new Placement(n1, settings, members, nodeHash)
  const other = new Placement(n2, settings, [...members].reverse(), nodeHash)
  t.equal(placement.epoch, other.epoch, 'the order of listing does not matter')
  for (let i = 0; i < 50; i++) {
    const token = placement.tokenOf(`k${i}` as Key)
    const primaries = placement.primaries(token)
    t.equal(primaries.length, 3)
    t.equal(placement.owns(token), primaries.includes(n1))
    t.same(other.primaries(token), primaries)
  }
  t.equal(placement.reachable(n1), true, 'itself')
  t.equal(placement.reachable(n2), false)
  placement.connected(n2)
  t.equal(placement.reachable(n2), true)
  t.same(placement.peers, [n2])
  placement.disconnected(n2)
  t.equal(placement.reachable(n2), false)
})
