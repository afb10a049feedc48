import t from 'tap'
import { Carrier, usualFrameBytes } from '../../../src/core/carrier.ts'
import { Gathering } from '../../../src/core/handoff/gather.ts'
import { Rehoming } from '../../../src/core/handoff/rehoming.ts'
import type { Instant, NodeId } from '../../../src/core/ids.ts'
import type { RowKey } from '../../../src/core/step.ts'
import { HandoffWorld } from '../../helpers/handoff-world.ts'
import { copyOf } from '../../helpers/hint-holder.ts'

const five = ['n1', 'n2', 'n3', 'n4', 'n5']

function gathering(world: HandoffWorld, frameBytes = usualFrameBytes) {
  const { objects, hints } = world.holder
  const rehoming = new Rehoming(world.placement, objects)
  const parts = { hints, rehoming, carrier: new Carrier(frameBytes) }
  return new Gathering(parts, 'n2' as NodeId)
}

t.test('it goes round, a batch at a time, and meets each hint once a round', async t => {
  const world = new HandoffWorld(five)
  for (let n = 0; n < 100; n++) {
    for (const owner of ['n2', 'n3']) world.holder.keep(owner, world.keyOf(owner, n), copyOf('a'))
  }
  world.holder.flush()
  const all = gathering(world)
  const met: string[] = []
  for (let i = 0; i < 20; i++) {
    const { copies, waiting } = all.next(7, 0 as Instant, [])
    met.push(...copies.map(({ key }) => key))
    t.equal(waiting, false)
  }
  t.equal(new Set(met).size, 100)
  t.ok(met.length <= 140)
})

t.test('what was refused is passed over for a while', async t => {
  const world = new HandoffWorld(five)
  for (let n = 0; n < 3; n++) world.holder.keep('n2', world.keyOf('n2', n), copyOf('a'))
  world.holder.flush()
  const all = gathering(world)
  const { sent } = all.next(10, 0 as Instant, [])
  all.refused(sent.slice(0, 1), 0 as Instant)
  t.match(all.next(10, 4999 as Instant, []), { waiting: true, sent: { length: 2 } })
  t.match(all.next(10, 5000 as Instant, []), { waiting: false, sent: { length: 3 } })
  all.refused(sent.slice(0, 1), 5000 as Instant)
  all.reset()
  t.equal(all.next(10, 5001 as Instant, []).sent.length, 3)
})

t.test('a batch carries no more than a message does', async t => {
  const world = new HandoffWorld(five)
  for (let n = 0; n < 9; n++) {
    world.holder.keep('n2', world.keyOf('n2', n), copyOf('a', 1, 'v'.repeat(1000)))
  }
  world.holder.flush()
  const all = gathering(world, 4000)
  const sizes = Array.from({ length: 5 }, () => all.next(10, 0 as Instant, []).copies.length)
  t.same(sizes, [2, 2, 2, 2, 1])
})

t.test('a hint that was too large goes once less is in it', async t => {
  const world = new HandoffWorld(five)
  const [key, other] = [world.keyOf('n2', 0), world.keyOf('n2', 1)]
  world.holder.keep('n2', key, copyOf('a', 1, 'v'.repeat(5000)))
  world.holder.keep('n2', other, copyOf('a', 1, 'v'))
  world.holder.flush()
  const all = gathering(world, 4000)
  const next = (now: number) => all.next(10, now as Instant, []).copies.map(copy => copy.key)
  t.same(next(0), [other], 'the others go')
  t.same(next(1000), [other])
  world.holder.keep('n2', key, copyOf('a', 2, 'v'.repeat(4000)))
  world.holder.flush()
  t.same(next(2000), [other], 'still too large')
  world.holder.keep('n2', key, copyOf('a', 3, 'v'))
  world.holder.flush()
  t.same(new Set(next(3000)), new Set([key, other]))
})

t.test('it keeps only so many in mind, and none whose time is over', async t => {
  const world = new HandoffWorld(five)
  const all = gathering(world)
  const rows = (from: number, count: number) =>
    Array.from({ length: count }, (_, i) => ({
      row: `gone ${from + i}` as RowKey,
      bytes: new Uint8Array(0),
    }))
  all.refused(rows(0, 9999), 0 as Instant)
  t.notOk(all.fullOfWaits(0 as Instant))
  all.refused(rows(20_000, 5), 0 as Instant)
  t.ok(all.fullOfWaits(4999 as Instant))
  t.notOk(all.fullOfWaits(5000 as Instant), 'these rows may be gone')
  all.refused(rows(0, 10_000), 6000 as Instant)
  t.ok(all.fullOfWaits(6000 as Instant))
  all.next(10, 11_000 as Instant, [])
  all.refused(rows(0, 9999), 11_000 as Instant)
  t.notOk(all.fullOfWaits(11_000 as Instant), 'a round forgets them')
})
