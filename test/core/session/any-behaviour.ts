/** The client's machine against nodes that answer, refuse, fall silent or go, at random. */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { uint48Of } from '../../../src/core/binary.ts'
import type { OpId } from '../../../src/core/ids.ts'
import { codes } from '../../../src/core/outcome.ts'
import type { CallId } from '../../../src/core/session/call.ts'
import {
  five,
  key,
  node,
  opOf,
  putOf,
  type Sent,
  SessionWorld,
} from '../../helpers/session-world.ts'

t.test('whatever the nodes do', async () => {
  const reaction = fc.oneof(
    { weight: 3, arbitrary: fc.constant({ type: 'succeed' as const }) },
    { weight: 2, arbitrary: fc.constant({ type: 'silent' as const }) },
    { weight: 2, arbitrary: fc.constant({ type: 'drop' as const }) },
    {
      weight: 4,
      arbitrary: fc.record({
        type: fc.constant('refuse' as const),
        code: fc.constantFrom(...codes),
        definite: fc.boolean(),
      }),
    },
  )
  const step = fc.record({
    call: fc.constantFrom('get', 'put', 'none', 'retry'),
    key: fc.constantFrom('a', 'b', 'c'),
    timeoutMs: fc.integer({ min: 1, max: 400 }),
    via: fc.option(fc.constantFrom(...five), { nil: undefined, freq: 5 }),
    ms: fc.integer({ min: 0, max: 100 }),
    reaction,
    pick: fc.nat(),
    back: fc.option(fc.constantFrom(...five), { nil: undefined }),
  })
  fc.assert(
    fc.property(fc.nat(), fc.array(step, { maxLength: 60 }), (seed, steps) => {
      const world = SessionWorld.ready(five, seed, 8)
      const connected = new Set<string>(five)
      const deadlines = new Map<CallId, number>()
      const tries = new Map<OpId, { refused: number; sent: number }>()
      const open: Sent[] = []
      let seen = world.sent.length
      const look = () => {
        for (const one of world.sent.slice(seen)) {
          assert.ok(connected.has(one.to), 'nothing is sent to a node that is not connected')
          if (one.request.type === 'put') {
            const so = tries.get(one.request.op) ?? { refused: 0, sent: 0 }
            const brought = uint48Of(one.request.op) < 100
            assert.equal(one.request.again, brought || so.sent > so.refused, 'again is exact')
            tries.set(one.request.op, { ...so, sent: so.sent + 1 })
          }
          open.push(one)
        }
        seen = world.sent.length
        assert.ok(world.session.inFlight <= 8)
        for (const [call, deadline] of deadlines) {
          if (world.result(call) === undefined) assert.ok(world.now < deadline, 'settled in time')
        }
      }
      for (const [i, one] of steps.entries()) {
        if (one.call !== 'none') {
          const op = one.call === 'retry' ? opOf(i) : undefined
          const wanted =
            one.call === 'get'
              ? ({
                  type: 'get',
                  key: key(one.key),
                  r: undefined,
                  strict: false,
                  repair: undefined,
                  explain: false,
                } as const)
              : putOf(one.key, op)
          deadlines.set(world.call(wanted, one.timeoutMs, one.via), world.now + one.timeoutMs)
        }
        look()
        const target = open.splice(one.pick % Math.max(1, open.length), 1)[0]
        if (target !== undefined) react(world, target, one.reaction, connected, tries)
        look()
        if (one.back !== undefined && world.dialled.includes(node(one.back))) {
          connected.add(one.back)
          world.connect(one.back)
        }
        look()
        // Exactly to the deadlines, so that settling late is seen.
        for (let ms = 0; ms < one.ms; ms++) world.pass(1)
        look()
      }
      // What is sent on the way counts too: `exact` below is about all of it.
      for (let ms = 0; ms < 420; ms += 20) {
        world.pass(20)
        look()
      }
      for (const call of deadlines.keys()) {
        const result = world.result(call)
        assert.ok(result, 'every call settles')
        if (result?.type !== 'failed') continue
        const { op, definite } = result.failure.outcome
        const so = op === undefined ? undefined : tries.get(op)
        const brought = op !== undefined && uint48Of(op) < 100
        assert.equal(definite, !brought && (so === undefined || so.sent === so.refused), 'exact')
      }
      assert.equal(world.session.inFlight, 0)
    }),
    { numRuns: 300 },
  )
})

function react(
  world: SessionWorld,
  target: Sent,
  reaction: { type: string; code?: (typeof codes)[number]; definite?: boolean },
  connected: Set<string>,
  tries: Map<OpId, { refused: number; sent: number }>,
): void {
  const { request } = target
  if (reaction.type === 'drop') {
    connected.delete(target.to)
    world.disconnect(target.to)
    return
  }
  if (!connected.has(target.to) || reaction.type === 'silent') return
  if (reaction.type === 'succeed') return world.succeed(target)
  if (request.type === 'put' && reaction.definite === true && isHeard(world, target)) {
    const so = tries.get(request.op)
    if (so !== undefined) tries.set(request.op, { ...so, refused: so.refused + 1 })
  }
  world.refuse(target, reaction.code ?? 'BUSY', reaction.definite)
}

/** Has the operation of this request no result yet? What comes later changes nothing. */
function isHeard(world: SessionWorld, target: Sent): boolean {
  if (target.request.type !== 'put') return false
  const op = target.request.op
  return ![...world.settled.values()].some(([result]) => {
    return result?.type === 'failed' && result.failure.outcome.op === op
  })
}
