/** Hinted handoff (Dynamo §4.6): a node that is down misses nothing. */
import type { Row } from '../../core/step.ts'
import { copyIn } from '../check/decoded.ts'
import type { Stage } from './stage.ts'
import type { Story } from './story.ts'

export const handoff = {
  name: 'handoff',
  summary: 'a write for a node that is down waits beside it, and goes home',
  tell(stage: Stage) {
    const { world } = stage
    stage.stop('A')
    const wrote = stage.wrote('Alice', 'milk', 'B', { w: 3 })
    const down = stage.look()
    const held = stage.hintsAt('D')
    stage.slowDisk('A', 300)
    stage.start('A')
    world.until(() => world.machine('A').disk.unflushed?.some(isCopy) === true, 'A is handed it')
    stage.claim(
      'D has sent the hint to A, and keeps it while it is not on the disk of A.',
      world.own('A') === undefined && stage.hintsAt('D') === 1,
    )
    stage.handOver()
    const back = stage.look()
    stage.claim("D's store of hints is empty.", stage.hintsAt('D') === 0)
    const got = stage.got('Bob', 'A', { r: 1 })
    return { wrote, down, held, left: stage.hintsAt('A', 'B', 'C', 'D', 'E'), back, got }
  },
} satisfies Story

function isCopy({ key, value }: Row): boolean {
  return value !== undefined && copyIn(key, value) !== undefined
}
