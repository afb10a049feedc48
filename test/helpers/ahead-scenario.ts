/** A put in doubt whose id every other node refuses as ahead of its clock. Run by `test/scenarios/pins.ts`. */
import { hexOf } from '../../src/core/binary.ts'
import type { PutRequest } from '../../src/core/message.ts'
import { five, SessionWorld, viewOf } from './session-world.ts'

const dayMs = 24 * 60 * 60 * 1000

/** Its first node took it and is gone; then all clocks were set back: under how many ids is it sent? */
export function aheadInDoubt(): string {
  const { time } = viewOf(five)
  const world = SessionWorld.ready()
  const call = world.put()
  world.disconnect(world.last().to)
  const refused = new Set<number>()
  for (let i = 0; i < 200 && world.result(call) === undefined; i++) {
    const sent = world.last()
    if (!refused.has(sent.request.id)) world.refuseAhead(sent, time - 2 * dayMs, false)
    refused.add(sent.request.id)
    world.pass(20)
  }
  const ids = new Set(world.sent.map(({ request }) => hexOf((request as PutRequest).op)))
  return ids.size === 1 ? `one id, ${world.failure(call).code}` : 'several ids'
}
