import t from 'tap'
import { TestCluster } from '../helpers/replicas.ts'

t.test('an operator is answered by the node itself, whatever its view of the ring', async t => {
  const cluster = new TestCluster(3)
  t.match(cluster.call('n2', { type: 'hints', id: 4, drain: undefined }), {
    type: 'hints-are',
    id: 4,
    node: 'n2',
  })
  t.match(cluster.call('n2', { type: 'exchange', id: 5, pause: true }), {
    type: 'exchange-is',
    id: 5,
    paused: true,
  })
  t.match(cluster.call('n2', { type: 'wholeness', id: 8, acceptLoss: undefined }), {
    type: 'wholeness-is',
    id: 8,
    whole: true,
  })
  t.match(
    cluster.call('n2', {
      type: 'repair',
      id: 6,
      job: '',
      begin: undefined,
      cancel: false,
      movesFrom: 0,
    }),
    {
      type: 'repair-is',
      id: 6,
      progress: undefined,
    },
  )
  cluster.call('n1', cluster.put('k', 'v'))
  t.match(cluster.call('n2', { type: 'count', id: 7, after: '' }), {
    type: 'counts-are',
    node: 'n2',
    keys: 1,
    next: undefined,
  })
})
