import t from 'tap'
import { letterOf, ringPicture } from '../../src/cli/ring-picture.js'

/** Partition p belongs first to the node whose quarter it lies in. */
const quarters = Array.from({ length: 64 }, (_, p) => p >> 4)

t.test('the circle begins at the top and runs clockwise', async t => {
  const lines = ringPicture(quarters, 11)
  t.equal(lines.length, 11)
  const width = Math.max(...lines.map(line => line.length))
  const half = width / 2
  const upper = lines.slice(0, 4)
  t.notMatch(upper.map(line => line.slice(half + 1)).join(''), /[bcd]/)
  t.notMatch(upper.map(line => line.slice(0, half - 1)).join(''), /[abc]/)
  const lower = lines.slice(-4)
  t.notMatch(lower.map(line => line.slice(half + 1)).join(''), /[acd]/)
  t.notMatch(lower.map(line => line.slice(0, half - 1)).join(''), /[abd]/)
  t.ok(lines.every(line => /^[a-d ]*$/.test(line)))
})

t.test('a mark stands at its place, a text in the middle', async t => {
  const at = (place: number) =>
    ringPicture(quarters, 11, { at: place, centre: ['cart:7'] }).map(line => line.indexOf('*'))
  const row = (place: number) => at(place).findIndex(column => column >= 0)
  t.equal(row(0), 1)
  t.equal(row(0.25), 5)
  t.ok(row(0.5) >= 9)
  const [line] = ringPicture(quarters, 11, { at: 0, centre: ['cart:7'] }).slice(5)
  t.match(line, /^\w+ +cart:7 +\w+$/)
  const long = ringPicture(quarters, 11, { at: 0, centre: ['x'.repeat(1024)] })
  t.ok(long.every(shown => shown.length < 30))
})

t.test('an empty ring is drawn, too', async t => {
  t.same(new Set(ringPicture([], 9)), new Set(['']))
  t.equal(letterOf(62), '+')
})
