import t from 'tap'
import type { Key, NodeId } from '../../src/core/ids.ts'
import { viewOf } from '../../src/core/membership/view.ts'
import { Placement } from '../../src/core/placement.ts'
import { nodeHash } from '../../src/node/hash.ts'
import { entryOf } from '../helpers/members.ts'
import { TestCluster } from '../helpers/replicas.ts'

t.test('who owns a key, and who can be reached', async t => {
  const { settings } = new TestCluster(5)
  const view = viewOf(['n1', 'n2', 'n3', 'n4', 'n5'].map(id => entryOf(id)))
  const [n1, n2] = ['n1', 'n2'] as NodeId[] as [NodeId, NodeId]
  const suspects = new Set<NodeId>()
  const avoids = (node: NodeId) => suspects.has(node)
  const placement = new Placement(n1, settings, view, nodeHash, avoids)
  const other = new Placement(n2, settings, [...view].reverse(), nodeHash, avoids)
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
  suspects.add(n2)
  t.equal(placement.reachable(n2), false, 'connected, and suspect')
  t.same(placement.peers, [])
  t.same(placement.connectedPeers, [n2])
  suspects.clear()
  placement.disconnected(n2)
  t.equal(placement.reachable(n2), false)
})

t.test('another view is another ring and another epoch', async t => {
  const { settings } = new TestCluster(5)
  const three = viewOf(['n1', 'n2', 'n3'].map(id => entryOf(id)))
  const placement = new Placement('n1' as NodeId, settings, three, nodeHash, () => false)
  const before = placement.epoch
  placement.adopt(viewOf([...three, entryOf('n4')]))
  t.not(placement.epoch, before)
  t.ok(placement.ring.lists.some(list => list.includes('n4' as NodeId)))
})

t.test('fewer members than replicas: nobody owns anything', async t => {
  const { settings } = new TestCluster(5)
  const view = viewOf([entryOf('n1')])
  const placement = new Placement('n1' as NodeId, settings, view, nodeHash, () => false)
  t.same(placement.primaries(placement.tokenOf('k' as Key)), [])
})

t.test('the fallbacks of a key, and who may stand in', async t => {
  const { settings } = new TestCluster(5)
  const view = viewOf(['n1', 'n2', 'n3', 'n4', 'n5'].map(id => entryOf(id)))
  for (const fallbacks of [0, 1, 2]) {
    const own = { ...settings, fallbacks }
    const placement = new Placement('n1' as NodeId, own, view, nodeHash, () => false)
    let stoodIn = 0
    for (let i = 0; i < 50; i++) {
      const token = placement.tokenOf(`k${i}` as Key)
      const standIns = placement.fallbacks(token)
      t.equal(standIns.length, fallbacks)
      t.notOk(standIns.some(node => placement.primaries(token).includes(node)))
      t.equal(placement.standsIn(token), standIns.includes('n1' as NodeId))
      t.notOk(placement.standsIn(token) && placement.owns(token))
      if (placement.standsIn(token)) stoodIn++
    }
    t.equal(stoodIn > 0, fallbacks > 0)
  }
  const alone = viewOf([entryOf('n1')])
  const placement = new Placement('n1' as NodeId, settings, alone, nodeHash, () => false)
  t.same(placement.fallbacks(placement.tokenOf('k' as Key)), [], 'fewer members than replicas')
})
