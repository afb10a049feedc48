import fc from 'fast-check'
import t from 'tap'
import { noSiblings } from '../../../src/core/causality/siblings.ts'
import { AsOf } from '../../../src/core/entropy/as-of.ts'
import { sharedOf } from '../../../src/core/entropy/shared.ts'
import {
  encodeSketches,
  estimateOf,
  leavesIn,
  planFor,
} from '../../../src/core/entropy/sketching.ts'
import type { Instant, NodeId } from '../../../src/core/ids.ts'
import { putOn, runPass, Side } from '../../helpers/exchange-pair.ts'

const keys = 55_000
const members = ['n1', 'n2', 'n3']
const first = putOn(noSiblings, 'x', 'first')

/** Two sides of so many equal keys in 16 partitions: their leaves are at level 14. */
function pairOf(): [Side, Side] {
  const sides: [Side, Side] = [new Side('n1', members, 16), new Side('n2', members, 16)]
  for (const side of sides) {
    side.start()
    for (let i = 0; i < keys; i++) side.load(`k${i}`, first)
    side.start()
  }
  return sides
}

/** Later versions of these keys on one side or the other; then all this is long ago. */
function differ([a, b]: readonly [Side, Side], from: number, count: number): void {
  for (let i = from; i < from + count; i++) {
    const side = i % 2 === 0 ? a : b
    side.write(`k${i}`, putOn(first, i % 2 === 0 ? 'a' : 'b', 'later'))
  }
  for (const side of [a, b]) {
    side.flush()
    side.now = (side.now + 60_000) as Instant
    side.tree.tick(side.now)
  }
}

const asOf = (side: Side) => {
  const shared = sharedOf(side.placement.ring, 'n1' as NodeId, 'n2' as NodeId)
  return new AsOf(side.tree, shared, { stamp: 5000, ageMs: 5000 }, side.now)
}

t.test('how many differ is estimated from how many nodes do', async t => {
  t.equal(estimateOf(0, 256), 0)
  t.equal(Math.round(estimateOf(128, 256)!), 193, '177 and a twelfth')
  t.equal(estimateOf(250, 256), undefined)
})

t.test('sketches are for many leaves of many, and never for most', async t => {
  t.match(planFor(18, 256, 1000), { level: 2, size: { leaves: 18 } })
  t.match(planFor(14, 256, 600), { level: 0, size: { leaves: 14 } })
  t.equal(planFor(18, 256, 100_000), undefined, 'dense')
  t.equal(planFor(10, 256, 100), undefined, 'a small tree')
  t.equal(planFor(26, 256, 1000), undefined, 'too much work at once')
  fc.assert(
    fc.property(fc.nat(48), fc.integer({ min: 24, max: 256 }), fc.nat(1e6), (leaves, wide, d) => {
      const plan = planFor(leaves, wide, d)
      return plan === undefined || (leaves - plan.level <= 16 && plan.size.cells <= 16_384)
    }),
  )
})

t.test('many differences are found by sketches for half the bytes, and mended', async t => {
  const sides = pairOf()
  const [a, b] = sides
  t.equal(asOf(a).leafLevel(0, 0), 14)
  t.equal(asOf(a).leafLevel(9, 3), 14)

  differ(sides, 0, 100)
  const size = { leaves: 14, cells: 300 }
  const salt = 12_345
  const bytes = encodeSketches(asOf(b), 2, [3], size, salt)
  t.equal(bytes.length, 300 * 12)
  const found = leavesIn(asOf(a), 2, 3, size, salt, bytes)
  t.ok(found && found.length > 10)
  const all = Array.from({ length: 2 ** 12 }, (_, i) => 3 * 2 ** 12 + i)
  const [mine, theirs] = [asOf(a).sums(14, all), asOf(b).sums(14, all)]
  const truth = all.filter((_, i) => mine[3 * i] !== theirs[3 * i])
  t.same(
    found?.map(({ prefix }) => prefix),
    truth,
  )
  const few = { leaves: 14, cells: 3 }
  const said = encodeSketches(asOf(b), 2, [3], few, salt)
  t.equal(leavesIn(asOf(a), 2, 3, few, salt, said), undefined, 'too many for the cells')
  for (const [level, prefixes, other] of [
    [2, [0, 1], size],
    [2, [0], { leaves: 15, cells: 300 }],
    [2, [0], { leaves: 1, cells: 300 }],
    [2, [0], { leaves: 14, cells: 16_385 }],
  ] as const) {
    t.equal(encodeSketches(asOf(b), level, prefixes, other, salt).length, 0, 'too dear')
  }

  const hundred = runPass(a, b)
  t.match(hundred, { moved: 100, sketches: 1 })
  t.ok(hundred.compareBytes < 6500, `${hundred.compareBytes} bytes`)
  t.equal(a.root, b.root)
  differ(sides, 100, 600)
  const more = runPass(a, b)
  t.match(more, { moved: 600, sketches: 1 }, 'after a look at a sample')
  t.ok(more.compareBytes < 28_000, `${more.compareBytes} bytes`)
  t.equal(a.root, b.root)
})

t.test('what no sketch says is found on the way down', async t => {
  const sides = pairOf()
  const [a, b] = sides
  for (const [i, spoil] of [
    () => new Uint8Array(0),
    (bytes: Uint8Array) => bytes.map(byte => byte ^ 1),
  ].entries()) {
    differ(sides, 200 * i, 200)
    const pass = runPass(a, b, { spoil })
    t.match(pass, { moved: 200, sketches: 1 })
    t.equal(a.root, b.root)
  }
})
