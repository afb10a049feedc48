import t from 'tap'
import type { NodeId } from '../../src/core/ids.ts'
import { TestCluster } from '../helpers/replicas.ts'

t.test(
  'what a store holds is there for the next process: objects, hints, tree, wholeness',
  async t => {
    const cluster = new TestCluster(4, {}, false)
    const key = cluster.keyAt('n4', false)
    cluster.call('n1', cluster.put(key, 'v'))
    const owner = cluster.node(cluster.primaries(key)[0] ?? '')
    const before = owner.replica.observe()
    owner.restart()
    owner.step({ type: 'connected', node: (owner.id === 'n1' ? 'n2' : 'n1') as NodeId })
    cluster.settle()
    const { hints, wholeness, treeReady } = owner.replica.observe()
    t.same([hints, wholeness.whole, treeReady], [before.hints, true, true])
    owner.wipe()
    t.same(owner.replica.observe().wholeness.whole, false)
  },
)
