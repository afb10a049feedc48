import t from 'tap'
import { primaryLists } from '../../../src/core/ring/primaries.ts'

/** A circle with one token for each letter's owner (a is 0), partitions at these tokens. */
function circle(letters: string, starts: readonly number[]) {
  const round = [...letters].map(letter => letter.charCodeAt(0) - 97)
  const owners = Int32Array.from([...round, ...round])
  return { owners, tokens: round.length, starts: Int32Array.from(starts) }
}
const oneZone = (count: number) => ({ of: Array(count).fill(0), sizes: [count] })
const roomy = [9, 9, 9, 9, 9, 9]
const named = (lists: readonly (readonly number[])[]) =>
  lists.map(list => list.map(owner => String.fromCharCode(97 + owner)).join(''))

t.test('a list holds the next N distinct nodes clockwise', async t => {
  const lists = primaryLists(circle('aabac', [0, 2, 4]), oneZone(3), roomy, 2)
  t.same(named(lists), ['ab', 'ba', 'ca'])
})

t.test('a node at its bound is skipped, and loses last choices first', async t => {
  // Both partitions want a, then b; a's one replica goes to the first of the first choices.
  const lists = primaryLists(circle('abc', [0, 0]), oneZone(3), [1, 2, 2], 2)
  t.same(named(lists), ['ab', 'bc'])
})

t.test('all first choices are made before all second ones', async t => {
  // One after the other, ab would leave no room at b for the second partition's first choice.
  const lists = primaryLists(circle('abc', [0, 1]), oneZone(3), [2, 1, 2], 2)
  t.same(named(lists), ['ac', 'bc'])
})

t.test('different zones come first', async t => {
  const zones = { of: [0, 0, 1, 1], sizes: [2, 2] }
  t.same(named(primaryLists(circle('abcd', [0]), zones, roomy, 2)), ['ac'])
  t.same(named(primaryLists(circle('abcd', [0]), zones, roomy, 3)), ['acb'], 'then walk order')
})

t.test('with N zones they come before the bound', async t => {
  const zones = { of: [0, 0, 1], sizes: [2, 1] }
  const lists = primaryLists(circle('abc', [0, 1, 0]), zones, [3, 3, 1], 2)
  t.same(named(lists), ['ac', 'bc', 'ac'])
})

t.test('with fewer zones than N the bound comes first', async t => {
  const zones = { of: [0, 0, 0, 1], sizes: [3, 1] }
  const lists = primaryLists(circle('abcd', [0, 0, 0]), zones, [3, 3, 3, 1], 3)
  t.same(named(lists), ['adb', 'abc', 'abc'])
})

t.test('where a walk ends short, an earlier list gives up its owner for one with room', async t => {
  // First choices a and c, then ab. The second list wants another: only c has room, and it is
  // in that list already. So the first list takes c and gives up b.
  const lists = primaryLists(circle('abc', [0, 2]), oneZone(3), [1, 1, 2], 2)
  t.same(named(lists), ['ac', 'cb'])
})

t.test('where no list can swap, the least full for its bound goes past it', async t => {
  const lists = primaryLists(circle('ab', [0, 0, 0]), oneZone(2), [1, 3], 2)
  t.same(named(lists), ['ab', 'ba', 'ba'], 'a is in every list, three times its bound')
})
