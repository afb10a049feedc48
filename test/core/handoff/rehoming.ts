import t from 'tap'
import type { Key } from '../../../src/core/ids.ts'
import { HandoffWorld } from '../../helpers/handoff-world.ts'
import { copyOf, tokenFor } from '../../helpers/hint-holder.ts'

const five = ['n1', 'n2', 'n3', 'n4', 'n5']

t.test('hints for a member that was removed go to the owners of now, full or not', async t => {
  for (const bytesMax of [undefined, 400]) {
    const world = new HandoffWorld(five, bytesMax)
    const key = world.keyOf('n2', 0, false)
    world.lose('n2')
    t.equal(world.holder.keep('n2', key, copyOf('a')), 'waits')
    world.holder.flush()
    for (let i = 0; i < 5; i++) world.tick()
    t.equal(world.left, 1, 'it waits while its owner is away')
    world.remove('n2')
    for (let i = 0; i < 5; i++) world.tick()
    const owners = world.placement.primaries(tokenFor(key))
    const others = owners.filter(owner => owner !== world.self).sort()
    t.same([...world.holder.hints.counts.keys()].sort(), others)
    t.same(
      world
        .takeSent()
        .map(({ to }) => to)
        .sort(),
      others,
    )
    const own = world.holder.objects.durable(tokenFor(key), key as Key)
    t.equal(own !== undefined, owners.includes(world.self))
  }
})

t.test('a hint that changes while it moves is moved again', async t => {
  const world = new HandoffWorld(five)
  const key = world.keyOf('n2', 0, false)
  world.holder.keep('n2', key, copyOf('a', 1))
  world.holder.flush()
  world.remove('n2')
  world.holder.keep('n2', key, copyOf('a', 2))
  world.tick()
  t.ok([...world.holder.hints.counts.keys()].includes('n2' as never), 'the newer one is there')
  world.tick()
  world.tick()
  t.notOk([...world.holder.hints.counts.keys()].includes('n2' as never))
  for (const owner of world.holder.hints.counts.keys()) {
    const hint = world.holder.hints.base(owner, tokenFor(key), key as Key)
    t.equal(hint?.siblings.vector[0]?.counter, 2)
  }
})

t.test('nothing moves twice, however many hints there are', async t => {
  const world = new HandoffWorld(five)
  for (let n = 0; n < 700; n++) world.holder.keep('n2', world.keyOf('n2', n), copyOf('a'))
  world.holder.flush()
  world.lose('n2')
  world.remove('n2')
  for (const owner of ['n3', 'n4', 'n5']) world.lose(owner)
  for (let i = 0; i < 20; i++) world.tick()
  t.notOk([...world.holder.hints.counts.keys()].includes('n2' as never))
  const { rows } = world.holder.pending
  for (let i = 0; i < 20; i++) world.tick()
  t.equal(world.holder.pending.rows, rows)
})
