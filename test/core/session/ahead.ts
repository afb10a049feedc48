import t from 'tap'
import { uint48Of } from '../../../src/core/binary.ts'
import { encodeContext } from '../../../src/core/causality/context.ts'
import { nothingSeen } from '../../../src/core/causality/siblings.ts'
import type { PutRequest } from '../../../src/core/message.ts'
import { nothingDone } from '../../../src/core/outcome.ts'
import type { Wanted } from '../../../src/core/session/call.ts'
import {
  five,
  key,
  opOf,
  putOf,
  type Sent,
  SessionWorld,
  testHash,
  viewOf,
} from '../../helpers/session-world.ts'

const view = viewOf(five)
const put = (sent: Sent | undefined) => sent?.request as PutRequest
const dayMs = 24 * 60 * 60 * 1000

t.test('ahead of a clock: the others get the same id at once, as a first send', async t => {
  const world = SessionWorld.ready()
  const call = world.put()
  const first = world.last()
  world.refuseAhead(first, view.time - 2 * dayMs)
  const second = world.last()
  t.not(second.to, first.to)
  t.match(put(second), { op: put(first).op, again: false })
  world.succeed(second)
  t.match(world.result(call), { type: 'done' })
  world.put('other')
  t.ok(uint48Of(put(world.last()).op) >= view.time, 'one clock moves nobody')
})

t.test('ahead of every clock: another id, by the middle one, once all have refused', async t => {
  const world = SessionWorld.ready()
  const call = world.put()
  const { op } = put(world.last())
  const clocks = [3, 2, 4, 9, 3].map(days => view.time - days * dayMs)
  for (const time of clocks) {
    t.equal(put(world.last()).op, op)
    world.refuseAhead(world.last(), time)
  }
  t.equal(new Set(world.sent.map(({ to }) => to)).size, 5, 'each was asked')
  world.pass(20)
  const sixth = world.last()
  t.match(put(sixth), { again: false })
  const ms = uint48Of(put(sixth).op) - (view.time - 3 * dayMs)
  t.ok(ms >= 0 && ms <= 20, `${ms} ms after it was told`)
  world.refuse(sixth, 'QUORUM', false)
  world.pass(100)
  t.match(put(world.last()), { op: put(sixth).op, again: true }, 'and that one is kept')
  world.succeed(world.last())
  t.match(world.result(call), { type: 'done' })
  world.put('next')
  t.ok(uint48Of(put(world.last()).op) < view.time - 2 * dayMs, 'later ones begin with it')
})

t.test('ahead of every clock, and one send in doubt: the id stays, the end is unknown', async t => {
  for (const inDoubt of ['lost', 'indefinite', 'from an earlier call'] as const) {
    const world = SessionWorld.ready()
    const earlier = inDoubt === 'from an earlier call' ? opOf(view.time) : undefined
    const call = world.put('k', 1000, undefined, earlier)
    const { op } = put(world.last())
    if (inDoubt === 'lost') world.disconnect(world.last().to)
    if (inDoubt === 'indefinite') {
      world.refuse(world.last(), 'QUORUM', false)
      world.pass(20)
    }
    const refused = new Set<number>()
    while (world.result(call) === undefined) {
      const sent = world.last()
      if (!refused.has(sent.request.id)) world.refuseAhead(sent, view.time - 2 * dayMs, false)
      refused.add(sent.request.id)
      world.pass(20)
    }
    t.ok(refused.size >= 5, `${refused.size} sends`)
    t.same(
      new Set(world.sent.map(sent => put(sent).op)),
      new Set([op]),
      `${inDoubt}: never another id`,
    )
    t.match(world.failure(call), {
      code: 'TIMEOUT',
      message: /clocks of .* behind this operation id/,
      outcome: { definite: false, op },
    })
  }
})

t.test('it succeeds by the one node that is ahead: the next ids are by the others', async t => {
  const world = SessionWorld.ready()
  world.put()
  for (let i = 0; i < 4; i++) world.refuseAhead(world.last(), view.time - 2 * dayMs)
  world.succeed(world.last())
  world.put('next')
  t.equal(uint48Of(put(world.last()).op), view.time - 2 * dayMs)
})

t.test('the node of `via` alone decides for its own calls', async t => {
  const world = SessionWorld.ready()
  const call = world.put('k', 1000, 'n4')
  world.refuseAhead(world.last(), view.time - 2 * dayMs)
  world.pass(20)
  t.match(world.last(), { to: 'n4', request: { again: false } })
  t.equal(uint48Of(put(world.last()).op), view.time - 2 * dayMs + 20)
  world.succeed(world.last())
  t.match(world.result(call), { type: 'done' })
})

t.test('an id is past what the reply before showed, and what the context shows', async t => {
  const world = SessionWorld.ready()
  const hourMs = 3_600_000
  const newest = opOf(view.time + 5 * hourMs)
  world.put()
  const id = world.last().request.id
  const rest = { siblings: 1, generation: 0, outcome: nothingDone(2), explained: undefined }
  const context = Uint8Array.of(7)
  world.reply(world.last(), { type: 'wrote', id, context, newest, ...rest })
  world.put()
  t.ok(put(world.last()).op > newest)
  const higher = opOf(view.time + 6 * hourMs)
  const secret = [{ id: 1, key: 'k'.repeat(32) }]
  const shown = encodeContext(testHash, secret, key('k'), { ...nothingSeen, ops: [higher] }, 0)
  world.call({ ...putOf('k'), context: shown } as Wanted)
  t.ok(put(world.last()).op > higher)
})
