/** Hinted handoff (Dynamo §4.6): a node that is down misses nothing. */
import type { Stage } from './stage.ts'
import type { Story } from './story.ts'

export const handoff = {
  name: 'handoff',
  summary: 'a write for a node that is down waits beside it, and goes home',
  tell(stage: Stage) {
    stage.stop('A')
    const wrote = stage.wrote('Alice', 'milk', 'B', { w: 3 })
    const down = stage.look()
    const held = stage.hintsAt('D')
    stage.start('A')
    stage.handOver()
    const back = stage.look()
    stage.claim("D's store of hints is empty.", stage.hintsAt('D') === 0)
    const got = stage.got('Bob', 'A', { r: 1 })
    return { wrote, down, held, left: stage.hintsAt('A', 'B', 'C', 'D', 'E'), back, got }
  },
} satisfies Story
