import t from 'tap'
import type { NodeId } from '../../../src/core/ids.ts'
import type { PeerMessage } from '../../../src/core/message.ts'
import { GossipWorld } from '../../helpers/gossip-world.ts'

t.test('a round a second at rest, quick rounds while there is news', async t => {
  const world = new GossipWorld(5, 1)
  let syns = 0
  world.carry = (message, from) => {
    if (from === 'n1' && message.type === 'syn') syns++
    return message
  }
  world.run(10_000)
  syns = 0
  world.run(20_000)
  t.ok(syns >= 18 && syns <= 24, `${syns} rounds in 20 s`)
  world.node('n1').membership.listening(world.now, '127.0.0.1', 5000)
  syns = 0
  world.run(1000)
  t.ok(syns >= 4, `${syns} rounds in the second after a change`)
})

t.test('a change reaches everybody in a few quick rounds, by digests alone', async t => {
  for (const count of [10, 100]) {
    const world = new GossipWorld(count, 2)
    world.run(6000)
    world.node('n1').membership.listening(world.now, '127.0.0.1', 5000)
    const knows = (id: NodeId) => world.node(id).membership.profileOf('n1' as NodeId)?.port === 5000
    t.ok(
      world.run(4000, () => [...world.nodes.keys()].every(knows)),
      `${count} nodes`,
    )
  }
})

t.test('islands that convicted each other meet again', async t => {
  const world = new GossipWorld(12, 3)
  const isLeft = (id: string) => Number(id.slice(1)) <= 6
  world.run(3000)
  world.cut = (from, to) => isLeft(from) !== isLeft(to)
  world.run(30_000)
  t.equal(world.statuses('n1')['n9'], 'down')
  world.cut = () => false
  const healed = () =>
    [...world.nodes.keys()].every(id =>
      Object.values(world.statuses(id)).every(status => status === 'alive'),
    )
  t.ok(world.run(10_000, healed))
})

t.test('the messages of a large cluster stay within the budget', async t => {
  const world = new GossipWorld(150, 4, { timing: { budgetBytes: 1024 }, tickMs: 100 })
  let longest = 0
  const sizes = (message: PeerMessage) =>
    message.type === 'syn'
      ? message.digest.entries.length
      : message.type === 'syn-ack'
        ? message.deltas.length
        : 0
  world.carry = message => {
    longest = Math.max(longest, sizes(message))
    return message
  }
  world.run(5000)
  t.ok(longest > 50 && longest < 1024 / 12, `${longest} entries at most`)
})
