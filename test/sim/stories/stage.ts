import t from 'tap'
import { Stage } from '../../../src/sim/stories/stage.ts'
import { tellStory } from '../../../src/sim/stories/story.ts'

t.test('a sentence that is not so ends the story', async t => {
  const stage = new Stage({})
  stage.claim('Nothing is kept for anybody.', stage.hintsAt('A', 'B', 'C', 'D', 'E') === 0)
  t.throws(() => stage.claim('D keeps a hint.', stage.hintsAt('D') > 0), /does not lie: D keeps/)
})

t.test('so does a step that a story rests on', async t => {
  const stage = new Stage({})
  stage.stop('A', 'B')
  t.throws(() => stage.wrote('Alice', 'milk', 'C', { strict: true }), /the put succeeds/)
  t.throws(() => stage.got('Alice', 'C', { strict: true }), /the get succeeds/)
  t.match(stage.lines.at(-1), /fails with QUORUM/, 'and it is told how')
})

t.test('what never comes about ends it, too', async t => {
  const stage = new Stage({})
  t.throws(() => stage.world.until(() => false, 'the moon falls', 1000), /the moon falls/)
})

t.test('lines are numbered; what is told in short is one of them', async t => {
  const { lines, facts } = tellStory({
    name: 'two',
    summary: 'two writes',
    tell: stage => {
      stage.inShort(
        last => `Two writes: ${last.dot}.`,
        () => {
          stage.wrote('Alice', 'a', 'B')
          return stage.wrote('Alice', 'b', 'B')
        },
      )
      return stage.look().B
    },
  })
  t.equal(lines[0], 'two: two writes')
  t.same(lines.slice(-2), [
    ' 1. Two writes: {B,2}.',
    ' 2. On disk: A, B and C: "b" {B,2}; D and E: nothing.',
  ])
  t.equal(facts, '"b" {B,2}')
})
