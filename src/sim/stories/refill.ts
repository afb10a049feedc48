/**
 * A disk is lost (design §4, "whole"; protocols 9): two owners acknowledged a write, one of them
 * comes back empty beside the third, which missed it. Until it is equal with the other one too, a
 * read may fail, and never miss the write.
 */
import type { Letter } from './cast.ts'
import type { Stage } from './stage.ts'
import type { Story } from './story.ts'

export const refill = {
  name: 'refill',
  summary:
    'a node that lost its disk counts for no read before it has proved that it lacks nothing',
  tell(stage: Stage) {
    const { world } = stage
    const isWhole = (letter: Letter) =>
      world.machine(letter).process?.replica.observe().wholeness.whole === true
    stage.wrote('Alice', 'milk', 'A')
    stage.look()
    stage.stop('C', 'D', 'E')
    stage.wrote('Alice', 'bread', 'B', { strict: true })
    const apart = stage.look()
    stage.stop('B')
    stage.wipe('A')
    stage.start('C', 'A')
    world.pass(40_000)
    const refilled = stage.look()
    stage.claim(
      '40 s later A has taken nothing yet, for B may know more, of deletes too; it is not whole.',
      !isWhole('A'),
    )
    const refused = stage.get('Bob', 'C', { strict: true })
    stage.start('B', 'D', 'E')
    world.until(() => isWhole('A'), 'A is whole', 60_000)
    stage.say('A has been equal with all the others by now: it is whole.')
    stage.stop('B')
    const got = stage.got('Bob', 'C', { strict: true })
    const after = stage.look()
    return { apart, refilled, refused, got, after }
  },
} satisfies Story
