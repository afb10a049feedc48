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

t.test('digests alone take a change to 100 nodes within log2 n + 6 rounds', async t => {
  const roundMs = 1000
  const world = new GossipWorld(100, 5, { timing: { roundMs, newsRoundMs: roundMs }, tickMs: 50 })
  world.run(12 * roundMs)
  for (const id of ['n1', 'n50', 'n77'] as NodeId[]) {
    const { membership } = world.node(id)
    membership.listening(world.now, '127.0.0.1', 5000)
    const begun = world.now
    const isKnown = () =>
      [...world.nodes.values()].every(node => node.membership.profileOf(id)?.port === 5000)
    t.ok(world.run((Math.log2(100) + 6) * roundMs, isKnown), `${id}: within the bound`)
    t.ok(world.now - begun > roundMs, 'and not at once: nothing was pushed')
  }
})

t.test('each round has a heartbeat in a small cluster, one of a few in a large one', async t => {
  for (const [count, least, most] of [
    [60, 18, 22],
    [130, 2, 13],
  ] as const) {
    const world = new GossipWorld(count, 6, { tickMs: 50 })
    world.run(8000)
    const { membership } = world.node('n1')
    const beat = () => {
      const own = membership.beliefs(world.now).beliefs.find(({ node }) => node === 'n1')
      return own?.heartbeat ?? 0
    }
    const before = beat()
    world.run(20_000)
    const beats = beat() - before
    t.ok(beats >= least && beats <= most, `${count} nodes: ${beats} heartbeats in 20 rounds`)
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
