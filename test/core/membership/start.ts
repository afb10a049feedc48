import t from 'tap'
import type { Instant, NodeId } from '../../../src/core/ids.ts'
import { TestCluster } from '../../helpers/replicas.ts'

t.test('a life begins above the one before', async t => {
  const cluster = new TestCluster(3)
  const node = cluster.node('n2')
  const incarnation = () => {
    const { beliefs } = node.replica.beliefs(0 as Instant)
    return beliefs.find(belief => belief.node === ('n2' as NodeId))?.incarnation ?? 0
  }
  const before = incarnation()
  node.flush()
  node.restart()
  t.equal(incarnation(), before + 1)
})
