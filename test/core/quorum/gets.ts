import t from 'tap'
import { contextOf, TestCluster, valuesOf } from '../../helpers/replicas.ts'

t.test('a get speaks of durable state only', async t => {
  const cluster = new TestCluster(3)
  cluster.call('n1', cluster.put('k', 'old'))
  const context = contextOf(cluster.call('n1', cluster.get('k')))
  cluster.ask('n1', cluster.put('k', 'new', { context }))
  cluster.letters.length = 0
  cluster.ask('n1', cluster.get('k'))
  for (const letter of cluster.letters.splice(0)) cluster.deliver(letter)
  for (const letter of cluster.letters.splice(0)) cluster.deliver(letter)
  t.same(valuesOf(cluster.node('n1').replies.at(-1)), ['old'])
})

t.test('a mismatch is fetched and merged', async t => {
  const cluster = new TestCluster(3)
  cluster.ask('n1', cluster.put('k', 'v'))
  cluster.settle(({ to, message }) => message.type !== 'store' || to !== 'n3')
  for (const at of ['n1', 'n2', 'n3']) {
    t.same(valuesOf(cluster.call(at, cluster.get('k', 3))), ['v'], `read at ${at}`)
  }
})
