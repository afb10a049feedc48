import { deepEqual, equal } from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { Carrier, usualFrameBytes } from '../../../src/core/carrier.ts'
import { decodeObject } from '../../../src/core/causality/object.ts'
import type { NodeId } from '../../../src/core/ids.ts'
import { hintOfRow } from '../../../src/core/row-key.ts'
import { nodeHash } from '../../../src/node/hash.ts'
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

t.test('several owners at once, one batch under way for each, none for who is away', async t => {
  const world = new HandoffWorld(five)
  for (let n = 0; n < 80; n++) {
    for (const owner of ['n2', 'n3', 'n4']) {
      world.holder.keep(owner, world.keyOf(owner, n), copyOf('a'))
    }
  }
  world.tick()
  t.same(world.takeSent(), [], 'nothing of it was durable')
  world.lose('n4')
  world.tick()
  const first = world.takeSent()
  t.same(first.map(({ to }) => to).sort(), ['n2', 'n3'])
  for (let i = 0; i < 5; i++) world.tick()
  t.same(world.takeSent(), [])
  world.answer(first[0]!)
  t.same(
    world.takeSent().map(({ to }) => to),
    [first[0]!.to],
    'the next one follows at once',
  )
  t.equal(world.left, 240 - first[0]!.message.copies.length)
  t.match(
    world.handoff.reply(1).owners.find(({ owner }) => owner === first[0]!.to),
    { hints: 56, handed: 24 },
  )
})

t.test('an answer of another, of another batch or too late counts for nothing', async t => {
  const world = new HandoffWorld(five)
  world.holder.keep('n2', world.keyOf('n2'), copyOf('a'))
  world.tick()
  world.tick()
  const [batch] = world.takeSent()
  world.answer({ ...batch!, to: 'n3' as NodeId })
  t.equal(world.left, 1)
  world.tick(5001)
  t.equal(world.requests.size, 0, 'its time is over')
  world.answer(batch!)
  t.equal(world.left, 1)
  world.tick(1000)
  const [again] = world.takeSent()
  t.same(again?.message.copies, batch!.message.copies)
  world.answer(again!)
  t.equal(world.left, 0)
  t.equal(world.requests.size, 0)
})

t.test('a merge while a batch is under way is not deleted with it', async t => {
  const world = new HandoffWorld(five)
  const key = world.keyOf('n2')
  world.holder.keep('n2', key, copyOf('a', 1))
  world.tick()
  world.tick()
  const [batch] = world.takeSent()
  world.holder.keep('n2', key, copyOf('a', 2))
  world.answer(batch!)
  t.equal(world.left, 1)
  let last = 0
  for (let i = 0; i < 4; i++) {
    world.tick()
    for (const next of world.takeSent()) {
      last = decodeObject(nodeHash, next.message.copies[0]!.object)!.vector[0]!.counter
      world.answer(next)
    }
  }
  t.equal(world.left, 0)
  t.equal(last, 2)
})

t.test('a busy owner gets little, with pauses; an operator who waits has none', async t => {
  for (const drained of [false, true]) {
    const world = new HandoffWorld(five)
    for (let n = 0; n < 200; n++) world.holder.keep('n2', world.keyOf('n2', n), copyOf('a'))
    world.tick()
    if (drained) world.handoff.drain('n2' as NodeId, world.now, world.out)
    let ticks = 0
    for (; world.left > 0; ticks++) {
      world.tick(5)
      for (let sent = world.takeSent(); sent.length > 0; sent = world.takeSent()) {
        for (const batch of sent) {
          t.ok(drained || batch.message.copies.length <= 32)
          world.answer(batch, false, 500)
        }
      }
    }
    t.equal(ticks <= 2, drained)
  }
  const world = new HandoffWorld(five)
  world.handoff.drain('n2' as NodeId, world.now, world.out)
  t.same(world.takeSent(), [], 'nothing is held for it')
})

t.test('a damaged hint is named once, removed, and holds up no other', async t => {
  const world = new HandoffWorld(five)
  for (let n = 0; n < 3; n++) world.holder.keep('n2', world.keyOf('n2', n), copyOf('a'))
  world.holder.flush()
  const bad = world.holder.rows[1]!
  const value = Uint8Array.from(world.holder.disk.get(bad)!)
  value[30]! ^= 1
  world.holder.disk.set(bad, value)
  world.tick()
  t.equal(world.out.filter(({ type }) => type === 'note').length, 1)
  const [batch] = world.takeSent()
  t.equal(batch?.message.copies.length, 2)
  world.answer(batch!)
  world.holder.flush()
  t.equal(world.holder.disk.size, 0)
})

t.test('few hints behind very many of others are found', async t => {
  const world = new HandoffWorld(five)
  world.lose('n3')
  for (let n = 0; n < 5000; n++) world.holder.keep('n3', `k${n}`, copyOf('a'))
  world.holder.keep('n2', 'rare', copyOf('a'))
  world.holder.flush()
  const [row] = world.holder.rows.filter(row => hintOfRow(row).owner === 'n2')
  t.ok(row)
  let sent = 0
  // The keys' owners are not those of the ring: only the cursor is looked at.
  world.placement.primaries = () => ['n2', 'n3', 'n4'] as NodeId[]
  for (let i = 0; i < 5 && sent === 0; i++) {
    world.tick()
    sent = world.takeSent().length
  }
  t.equal(sent, 1)
})

const event = fc.oneof(
  { weight: 3, arbitrary: fc.record({ type: fc.constant('tick' as const), ms: fc.nat(300) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      type: fc.constant('keep' as const),
      owner: fc.constantFrom('n2', 'n3', 'n4'),
      n: fc.nat(6),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      type: fc.constant('answer' as const),
      how: fc.constantFrom('ack', 'ack lost', 'refuse'),
      which: fc.nat(3),
    }),
  },
  fc.record({ type: fc.constantFrom('lose', 'find'), owner: fc.constantFrom('n2', 'n3', 'n4') }),
  fc.record({ type: fc.constant('restart' as const) }),
)
type Event = typeof event extends fc.Arbitrary<infer E> ? E : never

/** Owners that merge what they get, and answer in any order. */
class Story {
  readonly world = new HandoffWorld(five)
  readonly #keys = new Map<string, string>()
  readonly #sent: ReturnType<HandoffWorld['takeSent']> = []
  readonly #got = new Map<string, number>()
  readonly #kept = new Map<string, number>()
  #counter = 0

  run(one: Event): void {
    const { world } = this
    if (one.type === 'tick') world.tick(one.ms)
    else if (one.type === 'keep') this.#keep(one.owner, one.n)
    else if (one.type === 'answer') this.#answer(one.how, one.which)
    else if (one.type === 'lose') world.lose(one.owner)
    else if (one.type === 'find') world.placement.connected(one.owner as NodeId)
    else {
      world.holder.flush()
      world.restart()
    }
    this.#sent.push(...world.takeSent())
  }

  #keep(owner: string, n: number): void {
    const { world } = this
    const at = `${owner}/${n}`
    const key = this.#keys.get(at) ?? world.keyOf(owner, n)
    this.#keys.set(at, key)
    world.holder.keep(owner, key, copyOf('a', ++this.#counter))
    this.#kept.set(`${owner}/${key}`, this.#counter)
  }

  #answer(how: 'ack' | 'ack lost' | 'refuse', which: number): void {
    const batch = this.#sent.splice(which, 1)[0]
    if (batch === undefined) return
    if (how !== 'refuse') {
      for (const { key, object } of batch.message.copies) {
        const at = `${batch.to}/${key}`
        const { counter } = decodeObject(nodeHash, object)!.vector[0]!
        this.#got.set(at, Math.max(counter, this.#got.get(at) ?? 0))
      }
    }
    if (how !== 'ack lost') this.world.answer(batch, how === 'refuse', which * 100)
  }

  /** Everybody is back and answers: everything arrives, and nothing is left. */
  end(): void {
    for (const owner of five) this.world.placement.connected(owner as NodeId)
    for (let i = 0; i < 100; i++) {
      this.run({ type: 'tick', ms: 200 })
      while (this.#sent.length > 0) this.run({ type: 'answer', how: 'ack', which: 0 })
    }
    equal(this.world.left, 0)
    equal(this.world.holder.disk.size, 0)
    equal(this.world.requests.size, 0)
    deepEqual(this.#got, this.#kept)
  }
}

t.test(
  'in any order of acks, losses, refusals and restarts every owner gets everything',
  async () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 60, size: 'max' }), events => {
        const story = new Story()
        for (const one of events) story.run(one)
        story.end()
      }),
      { numRuns: 150 },
    )
  },
)

t.test('one copy that is refused waits by itself: the rest of its batch is home', async t => {
  const world = new HandoffWorld(five)
  for (let n = 0; n < 8; n++) world.holder.keep('n2', world.keyOf('n2', n), copyOf('a'))
  world.holder.flush()
  const refused = world.keyOf('n2', 2)
  let batches = 0
  const run = (ms: number) => {
    for (let passed = 0; passed < ms; passed += 20) {
      world.tick()
      for (const batch of world.takeSent()) {
        const left = batch.message.copies.findIndex(({ key }) => key === refused)
        world.answer(batch, left >= 0, 0, left < 0 ? [] : [left])
        batches++
      }
    }
  }
  run(100)
  t.equal(world.left, 1, 'seven of eight in one batch')
  run(10_000)
  t.ok(batches > 1 && batches < 6, 'it is tried again now and then')
})

t.test('a hint that is too large to be sent is named, and holds up no other', async t => {
  const world = new HandoffWorld(five)
  const large = world.keyOf('n2', 1)
  for (let n = 0; n < 4; n++) world.holder.keep('n2', world.keyOf('n2', n), copyOf('a'))
  world.holder.keep('n2', large, copyOf('b', 1, 'v'.repeat(2000)))
  world.holder.flush()
  world.carrier = new Carrier(1500)
  world.restart()
  for (let passed = 0; passed < 2000; passed += 20) {
    world.tick()
    for (const batch of world.takeSent()) world.answer(batch)
  }
  t.equal(world.left, 1)
  t.same(
    world.carrier.left.map(({ key }) => key),
    [large],
  )
  t.ok(world.holder.looked < 200, 'it is not read again at each tick')
  world.carrier = new Carrier(usualFrameBytes)
  world.restart()
  world.tick()
  for (const batch of world.takeSent()) world.answer(batch)
  t.equal(world.left, 0)
})

t.test('few hints of the living are found among many of the dead', async t => {
  const world = new HandoffWorld(five)
  world.lose('n3')
  // With each view all are looked at once.
  world.tick()
  for (let n = 0; n < 600; n++) world.holder.keep('n3', world.keyOf('n3', n), copyOf('a'))
  for (let n = 0; n < 5; n++) world.holder.keep('n2', world.keyOf('n2', n), copyOf('a'))
  world.holder.flush()
  world.holder.looked = 0
  world.tick()
  const [batch] = world.takeSent()
  t.equal(batch?.message.copies.length, 5)
  t.ok(world.holder.looked < 30, `${world.holder.looked} rows looked at`)
})

/** How many copies the owner n2 is offered while it takes those at `takes` alone. */
function offeredIn(world: HandoffWorld, ms: number, takes: (i: number) => boolean): number {
  let offered = 0
  for (let passed = 0; passed < ms; passed += 20) {
    world.tick()
    for (let sent = world.takeSent(); sent.length > 0; sent = world.takeSent()) {
      for (const batch of sent) {
        const left = [...batch.message.copies.keys()].filter(i => !takes(i))
        world.answer(batch, left.length > 0, 0, left)
        offered += batch.message.copies.length
      }
    }
  }
  return offered
}

t.test('an owner that refuses each copy of a batch is let be for a while', async t => {
  const world = new HandoffWorld(five)
  for (let n = 0; n < 300; n++) world.holder.keep('n2', world.keyOf('n2', n), copyOf('a'))
  world.holder.flush()
  const first = offeredIn(world, 20, () => false)
  t.equal(first, 24)
  const next = offeredIn(world, 5000, () => false)
  t.ok(next >= 9 && next <= 11, `${next} copies: one by one, each half a second`)
  t.equal(world.left, 300)
  offeredIn(world, 6000, () => true)
  t.equal(world.left, 0, 'once it takes them they go at full speed')
})

t.test('a refused hint that went another way leaves nothing behind', async t => {
  const world = new HandoffWorld(five)
  const key = world.keyOf('n2')
  world.holder.keep('n2', key, copyOf('a'))
  world.holder.flush()
  t.equal(
    offeredIn(world, 20, () => false),
    1,
  )
  const [row] = world.holder.rows
  world.holder.hints.remove(row!, world.holder.disk.get(row!)!)
  world.holder.flush()
  world.tick()
  world.holder.keep('n2', key, copyOf('a'))
  world.holder.flush()
  offeredIn(world, 1000, () => true)
  t.equal(world.left, 0, 'a new one does not wait for the old one')
})
