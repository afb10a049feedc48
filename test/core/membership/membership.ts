import t from 'tap'
import type { NodeId } from '../../../src/core/ids.ts'
import { isMembership } from '../../../src/core/membership/membership.ts'
import { encode } from '../../../src/wire/message-codec.ts'
import { sampleMessages } from '../../fixtures/sample-messages.ts'
import { GossipWorld } from '../../helpers/gossip-world.ts'
import { entryOf } from '../../helpers/members.ts'

const settled = (world: GossipWorld) => world.run(3000)

t.test('a crashed node is down everywhere within 5 s, and nobody else is accused', async t => {
  for (let seed = 1; seed <= 20; seed++) {
    const world = new GossipWorld(5, seed)
    settled(world)
    world.node('n3').up = false
    const begun = world.now
    world.run(10_000, () => world.opinions('n3').every(status => status === 'down'))
    t.ok(world.now - begun <= 5000, `seed ${seed}: ${world.now - begun} ms`)
    for (const other of ['n1', 'n2', 'n4', 'n5']) {
      t.ok(
        world
          .opinions(other)
          .filter((_, i) => i !== 2)
          .every(status => status === 'alive'),
      )
    }
  }
})

t.test('it comes back with a higher incarnation, whatever it remembers', async t => {
  for (const remembered of [2, 1]) {
    const world = new GossipWorld(5, 7)
    settled(world)
    world.node('n2').up = false
    world.run(6000)
    world.restart('n2', remembered)
    t.ok(world.run(4000, () => world.opinions('n2').every(status => status === 'alive')))
    t.ok(world.node('n2').membership.incarnation > 1)
  }
})

t.test('a node that was paused accuses nobody, and is back within 2 s of waking', async t => {
  for (let seed = 1; seed <= 20; seed++) {
    const world = new GossipWorld(5, seed)
    settled(world)
    world.node('n4').paused = true
    world.run(10_000)
    t.ok(world.opinions('n4').every(status => status === 'down'))
    world.node('n4').paused = false
    const woke = world.now
    const accused = new Set<string>()
    world.run(4000, () => {
      for (const [id, status] of Object.entries(world.statuses('n4'))) {
        if (status !== 'alive') accused.add(`${id} ${status}`)
      }
      return world.opinions('n4').every(status => status === 'alive')
    })
    t.ok(world.now - woke <= 2000, `seed ${seed}: ${world.now - woke} ms`)
    world.run(3000)
    t.same([...accused], [])
  }
})

t.test('a partition: each side convicts the other; healed, all agree again', async t => {
  const world = new GossipWorld(5, 3)
  settled(world)
  const left = new Set(['n1', 'n2'])
  world.cut = (from, to) => left.has(from) !== left.has(to)
  world.run(6000)
  t.same(world.statuses('n1'), { n1: 'alive', n2: 'alive', n3: 'down', n4: 'down', n5: 'down' })
  t.same(world.statuses('n4'), { n1: 'down', n2: 'down', n3: 'alive', n4: 'alive', n5: 'alive' })
  world.cut = () => false
  const alive = { n1: 'alive', n2: 'alive', n3: 'alive', n4: 'alive', n5: 'alive' }
  const agreed = () => [...world.nodes.keys()].every(id => isSame(world.statuses(id), alive))
  t.ok(world.run(5000, agreed))
})

t.test('one node alone suspects all and convicts nobody', async t => {
  const world = new GossipWorld(5, 4)
  settled(world)
  world.cut = (from, to) => (from === 'n1') !== (to === 'n1')
  world.run(8000)
  t.same(Object.values(world.statuses('n1')).sort(), [
    'alive',
    'suspect',
    'suspect',
    'suspect',
    'suspect',
  ])
  t.ok(world.opinions('n1').every(status => status === 'down'))
})

t.test('a link broken one way convicts nobody and flaps nowhere', async t => {
  const world = new GossipWorld(5, 5)
  settled(world)
  world.cut = (from, to) => from === 'n5' && to === 'n1'
  const notes = () => [...world.nodes.values()].map(node => node.notes.length)
  world.run(5000)
  t.equal(world.statuses('n1')['n5'], 'suspect', 'n1 hears nothing of it')
  t.equal(world.node('n1').membership.avoids('n5' as NodeId), true)
  const before = notes()
  world.run(30_000)
  t.same(notes(), before, 'no view changes any more')
  for (const id of ['n2', 'n3', 'n4', 'n5']) {
    t.ok(Object.values(world.statuses(id)).every(status => status === 'alive'))
  }
})

t.test('two members: one is enough to convict the other', async t => {
  const world = new GossipWorld(2, 6)
  settled(world)
  world.node('n2').up = false
  t.ok(world.run(5000, () => world.statuses('n1')['n2'] === 'down'))
})

t.test('two members: a pause of the last one does not turn down into suspect', async t => {
  const world = new GossipWorld(2, 6)
  settled(world)
  world.node('n2').up = false
  t.ok(world.run(5000, () => world.statuses('n1')['n2'] === 'down'))
  world.node('n1').paused = true
  world.run(1000)
  world.node('n1').paused = false
  world.run(3000)
  t.equal(world.statuses('n1')['n2'], 'down')
  const other = new GossipWorld(2, 6)
  settled(other)
  other.node('n2').up = false
  other.node('n1').paused = true
  other.run(1000)
  other.node('n1').paused = false
  t.ok(
    other.run(12_000, () => other.statuses('n1')['n2'] === 'down'),
    'nor does one before',
  )
})

t.test('a wiped node comes back, however long it had run and however it ended', async t => {
  const world = new GossipWorld(3, 9)
  settled(world)
  const { membership } = world.node('n3')
  const out: Parameters<typeof membership.tick>[2] = []
  const long = { ...sampleMessages['syn-ack'].deltas[0]!, id: 'n3' as NodeId, since: 0 }
  const profile = { ...long.profile!, value: { ...long.profile!.value, status: 'left' } as const }
  const accusations = { at: 1, value: [] }
  const past = { ...long, incarnation: 1, heartbeat: 2 ** 21, profile, accusations }
  world.node('n3').up = false
  for (const id of ['n1', 'n2']) {
    const { membership } = world.node(id)
    const message = { type: 'ack', id: 1, epoch: membership.epoch, deltas: [past] } as const
    membership.receive(world.now, 'n3' as NodeId, { ...message, view: undefined }, out)
  }
  world.run(5000)
  t.equal(world.statuses('n1')['n3'], 'left')
  world.restart('n3', 1)
  t.ok(world.run(5000, () => world.opinions('n3').every(status => status === 'alive')))
})

t.test('who leaves on purpose has left at once, and comes back', async t => {
  const world = new GossipWorld(5, 8)
  settled(world)
  const node = world.node('n5')
  const sent: unknown[] = []
  const out: Parameters<typeof node.membership.leave>[1] = []
  node.membership.leave(world.now, out)
  for (const effect of out) if (effect.type === 'send') sent.push(effect.to)
  t.equal(sent.length, 4)
  node.up = false
  for (const effect of out) {
    if (effect.type !== 'send' || !isMembership(effect.message)) continue
    world.node(effect.to).membership.receive(world.now, node.id, effect.message, [])
  }
  world.run(300)
  t.ok(world.opinions('n5').every(status => status === 'left'))
  world.run(10_000)
  t.ok(
    world.opinions('n5').every(status => status === 'left'),
    'nor is it accused later',
  )
  world.restart('n5', 2)
  t.ok(world.run(3000, () => world.opinions('n5').every(status => status === 'alive')))
})

t.test('a change of the view reaches everybody, with its epoch', async t => {
  const world = new GossipWorld(20, 9)
  settled(world)
  const before = world.node('n1').membership.epoch
  const view = [...world.view, entryOf('n21', { version: 4 })]
  world
    .node('n7')
    .membership.receive(
      world.now,
      'n1' as NodeId,
      { type: 'ack', id: 1, epoch: before, view, deltas: [] },
      [],
    )
  const epoch = world.node('n7').membership.epoch
  t.not(epoch, before)
  const known = () => [...world.nodes.values()].every(node => node.membership.epoch === epoch)
  t.ok(world.run(12_000, known))
})

t.test('a stranger is answered, owns nothing, and is told so', async t => {
  const world = new GossipWorld(5, 10)
  const stranger = world.born('n9' as NodeId, 1)
  t.equal(stranger.isMember('n9' as NodeId), false)
  t.equal(stranger.beliefs(world.now).member, false)
  const out: Parameters<typeof stranger.tick>[2] = []
  world.node('n1').membership.receive(
    world.now,
    'n9' as NodeId,
    {
      type: 'syn',
      id: 5,
      epoch: stranger.epoch,
      view: undefined,
      digest: { entries: [{ id: 'n9' as NodeId, incarnation: 1, heartbeat: 1 }], complete: true },
    },
    out,
  )
  t.match(out, [{ type: 'send', to: 'n9', message: { type: 'syn-ack', wants: [] } }])
})

t.test('bad gossip is counted, told once, and not obeyed', async t => {
  const world = new GossipWorld(5, 11)
  settled(world)
  const { membership } = world.node('n1')
  const state = sampleMessages['syn-ack'].deltas[0]!
  const before = membership.beliefs(world.now)
  const out: Parameters<typeof membership.tick>[2] = []
  const tell = (deltas: (typeof state)[], view = world.view) => {
    const message = { type: 'ack', id: 1, epoch: membership.epoch, view, deltas } as const
    membership.receive(world.now, 'n2' as NodeId, message, out)
  }
  for (let i = 0; i < 10_000; i += 1000) {
    tell(Array.from({ length: 1000 }, (_, j) => ({ ...state, id: `fake-${i + j}` as NodeId })))
  }
  tell([{ ...state, id: 'n3' as NodeId, incarnation: 2 ** 47 }])
  tell([{ ...state, id: 'n3' as NodeId, incarnation: 1, heartbeat: 2 ** 47 }])
  tell([], [...world.view.slice(1), { ...world.view[0]!, version: 2 ** 20 + 2 }])
  const crowd = Array.from({ length: 1100 }, (_, i) => entryOf(`m${i}`))
  tell([], [...world.view, ...crowd])
  const after = membership.beliefs(world.now)
  t.equal(after.refused, 10_002 + 5 + 1105)
  t.equal(out.filter(effect => effect.type === 'note').length, 1)
  t.same({ ...after, refused: 0 }, { ...before, refused: 0 })
  t.ok(
    encode({ type: 'gossiped', id: 1, node: 'n1' as NodeId, ...after, clockAheadMs: 5 }).length <
      1024,
  )
})

t.test('one seed is one history, to the message', t => {
  const history = (seed: number) => {
    const world = new GossipWorld(6, seed)
    const lines: string[] = []
    world.carry = (message, from) => {
      lines.push(`${world.now} ${from} ${message.type} ${message.id}`)
      return message
    }
    world.onNote = (note, by) => lines.push(`${world.now} ${by} ${JSON.stringify(note)}`)
    world.loss = 0.2
    world.run(3000)
    world.node('n2').up = false
    world.node('n3').paused = true
    world.run(8000)
    world.node('n3').paused = false
    world.run(3000)
    return lines
  }
  t.same(history(12), history(12))
  t.not(history(12).join(), history(13).join())
  t.end()
})

function isSame(a: object, b: object): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}
