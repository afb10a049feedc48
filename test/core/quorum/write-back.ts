import t from 'tap'
import { TestCluster } from '../../helpers/replicas.ts'

t.test('a copy that is written back has the time and generation of what was read', async t => {
  const cluster = new TestCluster(3)
  const put = cluster.wall
  cluster.ask('n1', cluster.put('k', 'v', { w: 1 }))
  cluster.settle(({ message }) => message.type !== 'store')
  cluster.pass(6000)
  cluster.ask('n2', cluster.get('k'))
  for (const letter of cluster.letters.splice(0)) cluster.deliver(letter)
  for (const letter of cluster.letters.splice(0)) cluster.deliver(letter)
  for (const letter of cluster.letters.splice(0)) cluster.deliver(letter)
  for (const letter of cluster.letters.splice(0)) cluster.deliver(letter)
  const copies = cluster.letters.flatMap(({ message }) => (message.type === 'store' ? message : []))
  t.same(
    copies.map(({ time, generation, owner }) => [time, generation, owner]),
    [[put, 0, undefined]],
  )
  t.equal(cluster.node('n2').replica.observe().repairs, 2, 'its own row is repaired too')
  const epochs = new Set(copies.map(({ epoch }) => epoch))
  t.same([...epochs], [cluster.epoch])
})
