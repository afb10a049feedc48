import t from 'tap'
import { drawBelow, drawOne, drawSome } from '../../src/core/draw.ts'
import { seededRandom } from '../helpers/session-world.ts'

t.test('a draw is below its bound and reaches every value', async t => {
  const random = seededRandom(7)
  const seen = new Set<number>()
  for (let i = 0; i < 500; i++) seen.add(drawBelow(random, 5))
  t.same([...seen].sort(), [0, 1, 2, 3, 4])
  t.equal(
    drawBelow(() => '\xff\xff', 65_536),
    65_535,
  )
})

t.test('one of some, none of none', async t => {
  t.equal(drawOne(seededRandom(1), []), undefined)
  t.equal(drawOne(seededRandom(1), ['a']), 'a')
})

t.test('some are different, and at most all', async t => {
  const random = seededRandom(3)
  for (let i = 0; i < 50; i++) {
    const drawn = drawSome(random, ['a', 'b', 'c', 'd'], 3)
    t.equal(new Set(drawn).size, 3)
  }
  t.same(drawSome(random, ['a', 'b'], 9).sort(), ['a', 'b'])
})
