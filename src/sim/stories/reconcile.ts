/** Version evolution of an object over time: figure 3 of the paper (Dynamo §4.4). */
import type { Stage } from './stage.ts'
import type { Story } from './story.ts'

export const reconcile = {
  name: 'reconcile',
  summary: 'two branches from either side of a partition are merged by a client (figure 3)',
  tell(stage: Stage) {
    stage.wrote('Alice', 'D1', 'A')
    stage.wrote('Alice', 'D2', 'A')
    stage.got('Bob', 'A')
    const before = stage.look()
    stage.partition('A', 'BD', 'CE')
    const left = stage.wrote('Alice', 'D3', 'B')
    const right = stage.wrote('Bob', 'D4', 'C')
    const apart = stage.look()
    stage.heal()
    stage.handOver()
    const together = stage.look()
    const both = stage.got('Carol', 'A')
    const merged = stage.wrote('Carol', 'D5', 'A')
    const after = stage.look()
    const got = stage.got('Alice', 'B')
    return { before, left, right, apart, together, both, merged, after, got }
  },
} satisfies Story
