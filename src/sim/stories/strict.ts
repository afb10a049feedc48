/** Sloppy and strict quorums (Dynamo §4.6; Riak's pr and pw). */
import { letters } from './cast.ts'
import type { Stage } from './stage.ts'
import type { Story } from './story.ts'

export const strict = {
  name: 'strict',
  summary: 'a strict quorum refuses what a sloppy one accepts',
  tell(stage: Stage) {
    stage.wrote('Alice', 'milk', 'A')
    stage.look()
    stage.stop('A', 'B')
    const refusedPut = stage.put('Alice', 'beer', 'C', { strict: true })
    const afterRefusal = stage.look()
    stage.claim('What was refused is nowhere.', isNowhere(stage, 'beer'))
    const wrote = stage.wrote('Alice', 'bread', 'C')
    const apart = stage.look()
    const refusedGet = stage.get('Bob', 'C', { strict: true })
    const got = stage.got('Bob', 'C')
    stage.start('A', 'B')
    stage.handOver()
    const strictGot = stage.got('Bob', 'A', { strict: true })
    const after = stage.look()
    return { refusedPut, afterRefusal, wrote, apart, refusedGet, got, strictGot, after }
  },
} satisfies Story

function isNowhere(stage: Stage, value: string): boolean {
  return letters.every(letter => !stage.world.holds(letter, value))
}
