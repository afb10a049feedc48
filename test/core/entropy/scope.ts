import fc from 'fast-check'
import t from 'tap'
import { binaryOf, binaryOfUint48 } from '../../../src/core/binary.ts'
import { placeOf, prefixOf } from '../../../src/core/entropy/node.ts'
import { partitionsIn, Scope } from '../../../src/core/entropy/scope.ts'
import type { Token } from '../../../src/core/ids.ts'

const tokens = fc.uint8Array({ minLength: 8, maxLength: 8 }).map(bytes => binaryOf(bytes) as Token)
const ranges = fc
  .array(fc.tuple(tokens, tokens), { minLength: 1, maxLength: 3 })
  .map(all => all.map(([a, b]) => (a < b ? { first: a, last: b } : { first: b, last: a })))
const partitions = fc.uniqueArray(fc.integer({ min: 0, max: 15 })).map(all => new Set(all))

t.test('a node meets a scope, or is enclosed by it, as its tokens are in it', async () => {
  fc.assert(
    fc.property(
      ranges,
      partitions,
      tokens,
      fc.integer({ min: 0, max: 48 }),
      (of, some, at, level) => {
        const scope = new Scope(4, some, of)
        const prefix = prefixOf(placeOf(at), level)
        const isIn = scope.holds(at)
        const expected =
          some.has(prefixOf(placeOf(at), 4)) &&
          of.some(({ first, last }) => first <= at && at <= last)
        if (isIn !== expected) return false
        if (isIn && !scope.meets(level, prefix)) return false
        return isIn || !scope.encloses(level, prefix)
      },
    ),
    { numRuns: 2000 },
  )
})

t.test('the ends of a range are in it', async t => {
  const first = 'AAAAAAAA' as Token
  const last = 'AAAAAABB' as Token
  const scope = new Scope(0, new Set([0]), [{ first, last }])
  t.ok(scope.holds(first) && scope.holds(last))
  t.notOk(scope.holds('AAAAAABC' as Token) || scope.holds('AAAAAAA@' as Token))
  t.ok(scope.meets(48, placeOf(first)))
  t.notOk(scope.encloses(48, placeOf(first)), 'tokens of the place are outside')
  t.notOk(scope.meets(48, placeOf(first) + 1))
  const wide = { first: binaryOfUint48(0).padEnd(8, '\0'), last: binaryOfUint48(2 ** 47 - 1) }
  const half = new Scope(1, new Set([0, 1]), [
    { first: wide.first as Token, last: `${wide.last}\xff\xff` as Token },
  ])
  t.ok(half.encloses(1, 0) && half.encloses(9, 255))
  t.notOk(half.encloses(1, 1) || half.meets(1, 1) || half.encloses(0, 0))
})

t.test('the partitions of ranges', async t => {
  const at = (top: number) => (String.fromCharCode(top) + 'x'.repeat(7)) as Token
  t.same(partitionsIn([{ first: at(0x10), last: at(0x3f) }], 4), [1, 2, 3])
  const both = [
    { first: at(0xf0), last: at(0xff) },
    { first: at(0), last: at(1) },
  ]
  t.same(partitionsIn(both, 4), [0, 15])
  t.same(partitionsIn([], 4), [])
})
