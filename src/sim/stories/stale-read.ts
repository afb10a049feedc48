/**
 * Read repair (Dynamo §5): a read finds a replica that missed a write. Whether the reply waits
 * until that replica has it is the mode (design §4).
 */
import { owners } from './cast.ts'
import type { Stage } from './stage.ts'
import type { Story } from './story.ts'

export const staleReadBlocking = {
  name: 'stale-read-blocking',
  summary: 'a read finds a stale replica, and the reply waits until it is repaired',
  tell: (stage: Stage) => tell(stage, 'blocking'),
} satisfies Story

export const staleReadAsync = {
  name: 'stale-read-async',
  summary: 'a read finds a stale replica, which is repaired when the reply has left',
  tell: (stage: Stage) => tell(stage, 'async'),
} satisfies Story

function tell(stage: Stage, repair: 'blocking' | 'async') {
  const { world } = stage
  const { events } = world.context
  stage.wrote('Alice', 'milk', 'A')
  stage.stop('C')
  stage.wrote('Alice', 'bread', 'A')
  stage.look()
  stage.stop('D')
  stage.start('C')
  stage.slowDisk('C', 300)
  world.machine('B').pause()
  stage.say('B stands still for a moment, so that A and C are the first two to answer.')
  const stale = stage.look()
  const asked = events.now
  const got = stage.got('Bob', 'A', { repair })
  const { at, rows } = world.atReply
  const whoHad = owners.filter(one => rows.get(one) === rows.get('A')).join('')
  const replyMs = (at - asked) / 1000
  world.until(() => world.cast.object(world.own('C')) === rows.get('A'), 'C is repaired')
  const repairedMs = (events.now - asked) / 1000
  if (repair === 'blocking') {
    stage.claim(
      `The reply left A after ${about(replyMs)}: C had it on its disk by then, so R owners hold it.`,
      whoHad === 'ABC' && replyMs > 300,
    )
  } else {
    stage.claim(
      `The reply left A at once: C had it on its disk only ${about(repairedMs)} after the question.`,
      whoHad === 'AB' && replyMs < 50 && repairedMs > 300,
    )
  }
  world.machine('B').resume()
  stage.start('D')
  stage.handOver()
  const after = stage.look()
  return { stale, got, whoHad, replyMs, repairedMs, after }
}

/** Not to the millisecond: that is for another test. */
function about(ms: number): string {
  return `about ${Math.round(ms / 100) * 100} ms`
}
