import t from 'tap'
import { HandoffWorld } from '../../helpers/handoff-world.ts'
import { copyOf } from '../../helpers/hint-holder.ts'

const five = ['n1', 'n2', 'n3', 'n4', 'n5']

t.test('a hint that changes all the time is handed over all the same', async t => {
  const world = new HandoffWorld(five)
  const key = world.keyOf('n2')
  world.holder.keep('n2', key, copyOf('a', 1))
  world.holder.flush()
  let sent = 0
  for (let i = 2; i < 20; i++) {
    // A newer one is always on its way to the disk.
    world.holder.keep('n2', key, copyOf('a', i))
    world.holder.durable()
    world.holder.turn()
    world.tick(20, false)
    for (const batch of world.takeSent()) {
      sent += batch.message.copies.length
      world.answer(batch)
    }
  }
  t.ok(sent > 0)
  t.equal(world.left, 1, 'what is newer than what was handed stays')
})

t.test('a hint that its owner refuses holds up no other', async t => {
  const world = new HandoffWorld(five)
  for (let n = 0; n < 4; n++) world.holder.keep('n2', world.keyOf('n2', n), copyOf('a'))
  world.holder.flush()
  const refused = world.keyOf('n2', 2)
  for (let i = 0; i < 1000; i++) {
    world.tick()
    for (const batch of world.takeSent()) {
      world.answer(
        batch,
        batch.message.copies.some(({ key }) => key === refused),
      )
    }
  }
  t.equal(world.left, 1)
})
