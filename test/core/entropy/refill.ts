import t from 'tap'
import { noSiblings } from '../../../src/core/causality/siblings.ts'
import { Refill } from '../../../src/core/entropy/refill.ts'
import { Responder } from '../../../src/core/entropy/responder.ts'
import type { Instant, Key, NodeId, Partition } from '../../../src/core/ids.ts'
import type { PeerMessage } from '../../../src/core/message.ts'
import type { Effect } from '../../../src/core/step.ts'
import { putOn, Side } from '../../helpers/exchange-pair.ts'

const members = ['n1', 'n2', 'n3', 'n4', 'n5']

/** An empty store and four full ones, each with what it owns. */
function world(
  objects: number,
  options: { bytes?: number; foreground?: number; floor?: number } = {},
) {
  const sides = new Map(members.map(id => [id, new Side(id, members, 64)]))
  const empty = sides.get('n1') as Side
  empty.whole = false
  const { floor = 0 } = options
  for (const side of sides.values()) if (floor > 0) side.raise(floor)
  for (const side of sides.values()) side.start()
  let own = 0
  for (let i = 0; i < objects; i++) {
    const key = `key-${i}`
    const value = putOn(noSiblings, 'a', `${i} ${'v'.repeat(options.bytes ?? 10)}`)
    for (const [id, side] of sides) {
      if (!side.placement.primaries(side.placement.tokenOf(key as never)).includes(id as NodeId))
        continue
      if (id === 'n1') own++
      else side.load(key, value)
    }
  }
  for (const side of sides.values()) {
    side.start()
    for (const id of members) side.placement.connected(id as NodeId)
  }
  let lastId = 0
  const refill = new Refill({
    ...empty.parts,
    newId: () => ++lastId,
    pendingBytes: () => empty.pending.bytes,
    foreground: () => options.foreground ?? 0,
  })
  return { sides, empty, refill, own }
}
type TestWorld = ReturnType<typeof world>

/** Answers what was asked, until nothing is; returns how often each member answered. */
function run({ sides, empty, refill }: TestWorld, silent: readonly string[] = []) {
  const answers = new Map<string, number>()
  const sizes: number[] = []
  let now = 0
  for (let rounds = 0; rounds < 1000; rounds++) {
    const out: Effect[] = []
    now += 20
    refill.tick(now as Instant, out)
    for (let effect = out.shift(); effect !== undefined; effect = out.shift()) {
      if (effect.type !== 'send' || effect.message.type !== 'fetch') throw new Error('only that')
      if (silent.includes(effect.to)) continue
      const responder = new Responder((sides.get(effect.to) as Side).parts)
      const answer = responder.fetch('n1' as NodeId, effect.message, 0)
      answers.set(effect.to, (answers.get(effect.to) ?? 0) + 1)
      sizes.push(answer.copies.length)
      refill.answered(effect.to, answer, now as Instant, out)
      empty.flush()
    }
    if (!refill.busy) break
  }
  return { answers, sizes, now }
}

t.test('an empty store gets everything once, from all others', async t => {
  const made = world(3000)
  const { answers } = run(made)
  const { refill, own, empty } = made
  t.equal(refill.objects, own)
  t.equal([...empty.disk.keys()].filter(row => row.startsWith('\x10')).length, own)
  t.same([...answers.keys()].sort(), ['n2', 'n3', 'n4', 'n5'])
})

t.test('what was written before the last reap of its partition is taken at once', async t => {
  const made = world(300, { floor: 3 })
  run(made)
  t.ok(made.own > 0)
  t.equal(made.refill.objects, made.own)
})

t.test('a partition that does not fit is gone on with, large objects too', async t => {
  const made = world(300, { bytes: 20_000 })
  const { sizes } = run(made)
  t.equal(made.refill.objects, made.own)
  t.ok(Math.max(...sizes) <= 14, 'a quarter of a MiB at a time')
})

t.test('with clients about less is fetched at once', async t => {
  const idle = run(world(3000, { bytes: 1000 }))
  const busy = run(world(3000, { bytes: 1000, foreground: 100 }))
  t.ok(Math.max(...busy.sizes) * 3 < Math.max(...idle.sizes))
})

t.test('with clients about one member sends at a time, and all in turn', async t => {
  const { empty, refill, sides, own } = world(3000, { bytes: 1000, foreground: 100 })
  const under = new Set<string>()
  const senders = new Set<string>()
  const out: Effect[] = []
  for (let now = 0; now < 100 || refill.busy; now += 20) {
    refill.tick(now as Instant, out)
    for (const effect of out.splice(0)) {
      if (effect.type !== 'send' || effect.message.type !== 'fetch') throw new Error('only that')
      under.add(effect.to)
      senders.add(effect.to)
      t.equal(under.size, 1)
      const answer = new Responder((sides.get(effect.to) as Side).parts).fetch(
        'n1' as NodeId,
        effect.message,
        0,
      )
      under.delete(effect.to)
      refill.answered(effect.to, answer, now as Instant, out)
      empty.flush()
    }
  }
  t.equal(refill.objects, own)
  t.ok(senders.size > 2)
})

t.test('what was put since the start is kept, and merged with what comes', async t => {
  const made = world(2000)
  const { empty, refill } = made
  const tokenOf = (key: string) => empty.placement.tokenOf(key as Key)
  const mine = Array.from({ length: 2000 }, (_, i) => `key-${i}`).filter(key =>
    empty.placement.primaries(tokenOf(key)).includes('n1' as NodeId),
  )
  const durable = mine.slice(0, 40)
  const pending = mine.slice(40, 50)
  for (const key of durable) empty.write(key, putOn(noSiblings, 'b', 'mine'))
  empty.flush()
  for (const key of pending) empty.write(key, putOn(noSiblings, 'b', 'mine'))
  run(made)
  t.ok(refill.objects > 0)
  for (const key of mine.slice(0, 60)) {
    const record = empty.parts.objects.base(tokenOf(key), key as Key)
    const isMine = durable.includes(key) || pending.includes(key)
    t.equal(record?.siblings.versions.length, isMine ? 2 : 1, key)
  }
  const count = empty.parts.tree.subtrees.all
  t.equal(
    [...count].reduce((sum, [, leaves]) => sum + leaves.count, 0),
    mine.length,
  )
})

t.test('what a silent member was asked for the others send', async t => {
  const made = world(2000)
  const { answers, now } = run(made, ['n3'])
  t.equal(made.refill.objects, made.own)
  t.notOk(answers.has('n3'))
  t.ok(now >= 5000, 'it was waited for')
})

t.test('a member whose connection breaks is not waited for', async t => {
  const { refill, own, ...rest } = world(2000)
  const out: Effect[] = []
  refill.tick(0 as Instant, out)
  t.equal(out.length, 4)
  refill.lost('n2' as NodeId, 0 as Instant)
  for (const effect of out) {
    const message = (effect as { message: PeerMessage }).message
    const to = (effect as { to: NodeId }).to
    if (message.type !== 'fetch' || to === 'n2') continue
    const responder = new Responder((rest.sides.get(to) as Side).parts)
    refill.answered(to, responder.fetch('n1' as NodeId, message, 0), 0 as Instant, [])
    rest.empty.flush()
  }
  t.ok(refill.busy)
  run({ refill, own, ...rest }, ['n2'])
  t.equal(refill.objects, own)
})

t.test('nothing is fetched of a partition before it is known how far its owners are', async t => {
  const made = world(2000)
  const { empty, refill, own } = made
  const { generations } = empty.parts.objects
  const late = [...empty.parts.wholeness.open.keys()].slice(0, 5) as Partition[]
  for (const partition of late) generations.close(partition)
  run(made)
  t.notOk(refill.busy, 'others are not kept from comparing')
  const before = refill.objects
  t.ok(before > own / 2 && before < own)
  for (const partition of late) generations.open(partition)
  t.ok(refill.busy)
  run(made)
  t.equal(refill.objects, own)
})

t.test('a store that is whole, or holds most, fetches nothing', async t => {
  const made = world(500)
  made.empty.whole = true
  made.empty.start()
  const parts = { ...made.empty.parts, newId: () => 1, pendingBytes: () => 0, foreground: () => 0 }
  const out: Effect[] = []
  new Refill(parts).tick(0 as Instant, out)
  t.same(out, [])
})

t.test('another view, or partitions that are not shared, are not answered', async t => {
  const { sides } = world(10)
  const side = sides.get('n2') as Side
  const responder = new Responder(side.parts)
  const asked = { type: 'fetch', id: 1, epoch: 7, partitions: [0], after: '', bytes: 100 } as const
  t.match(responder.fetch('n1' as NodeId, asked, 0), { state: 'stale-view', copies: [] })
})
