/** Both sides of a partition take writes (Dynamo §2.3, "always writeable"; §4.6). */
import { letters } from './cast.ts'
import type { Stage } from './stage.ts'
import type { Story } from './story.ts'

export const partition = {
  name: 'partition',
  summary: 'what each side of a partition can write and read, and what all see after it',
  tell(stage: Stage) {
    stage.wrote('Alice', 'milk', 'A')
    stage.got('Bob', 'A')
    stage.look()
    stage.partition('BC', 'ADE')
    stage.say('Alice is on the side of B and C: two owners.')
    const leftRead = stage.got('Alice', 'B')
    const leftPut = stage.wrote('Alice', 'bread', 'B', { strict: true })
    stage.say('Bob is on the side of A: one owner, and two fallbacks that hold nothing of the key.')
    const missed = stage.get('Bob', 'A')
    stage.claim(
      'A fallback\'s "not found" never counts: D and E have not seen what B and C may hold.',
      missed.type === 'failed',
    )
    const refused = stage.put('Bob', 'beer', 'A', { strict: true })
    const rightPut = stage.wrote('Bob', 'eggs', 'A')
    const rightRead = stage.got('Bob', 'A')
    const leftAgain = stage.got('Alice', 'C')
    const apart = stage.look()
    stage.heal()
    stage.handOver()
    const together = stage.look()
    const all = letters.map(letter => stage.got('Carol', letter))
    const merged = stage.wrote('Carol', 'bread and eggs', 'C')
    const after = stage.look()
    return {
      ...{ leftRead, leftPut, missed, refused, rightPut, rightRead, leftAgain, apart },
      ...{ together, all, merged, after },
    }
  },
} satisfies Story
