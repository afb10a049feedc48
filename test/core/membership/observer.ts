import t from 'tap'
import type { NodeId } from '../../../src/core/ids.ts'
import { GossipWorld } from '../../helpers/gossip-world.ts'

t.test('a conviction needs a second accuser: the accusers are named', async t => {
  const world = new GossipWorld(5, 1)
  world.run(3000)
  world.node('n5').up = false
  world.run(6000)
  const belief = world
    .node('n1')
    .membership.beliefs(world.now)
    .beliefs.find(({ node }) => node === 'n5')
  t.equal(belief?.status, 'down')
  t.same([...(belief?.accusers ?? [])].sort(), ['n1', 'n2', 'n3', 'n4'])
})

t.test('loss alone convicts nobody', async t => {
  for (const loss of [0.05, 0.1]) {
    const world = new GossipWorld(5, 2)
    world.loss = loss
    const words = new Set<string>()
    world.run(300_000, () => {
      for (const status of Object.values(world.statuses('n1'))) words.add(status)
      return false
    })
    t.notOk(words.has('down'), `${loss}`)
  }
})

t.test('in a large cluster the few who watch a member convict it for all', async t => {
  const world = new GossipWorld(60, 3)
  world.run(5000)
  world.node('n30').up = false
  const begun = world.now
  t.ok(world.run(10_000, () => world.opinions('n30').every(status => status === 'down')))
  t.comment(`${world.now - begun} ms`)
  t.equal(world.node('n1').membership.avoids('n30' as NodeId), true)
})
