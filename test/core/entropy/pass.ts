import fc from 'fast-check'
import t from 'tap'
import { mergeSiblings, noSiblings, type Siblings } from '../../../src/core/causality/siblings.ts'
import type { Instant } from '../../../src/core/ids.ts'
import { putOn, runPass, Side } from '../../helpers/exchange-pair.ts'

const one = putOn(noSiblings, 'a', 'value one')
const two = putOn(one, 'b', 'value two')
const beside = putOn(one, 'c', 'beside', noSiblings)

function pairOf(members?: string[], partitions?: number): [Side, Side] {
  const sides: [Side, Side] = [
    new Side('n1', members, partitions),
    new Side('n2', members, partitions),
  ]
  for (const side of sides) side.start()
  return sides
}

/** `count` keys that are equal, and `differing` that are not, in all the ways there are. */
function load(a: Side, b: Side, count: number, differing: number): void {
  const ways: readonly (readonly [Siblings | undefined, Siblings | undefined])[] = [
    [one, two],
    [two, one],
    [one, undefined],
    [undefined, one],
    [beside, two],
  ]
  for (let i = 0; i < count; i++) {
    const [left, right] = (i < differing ? ways[i % ways.length] : undefined) ?? [one, one]
    if (left !== undefined) a.load(`key ${i}`, left)
    if (right !== undefined) b.load(`key ${i}`, right)
  }
  a.start()
  b.start()
}

t.test('equal members know it after one question of a few bytes', async t => {
  const [a, b] = pairOf()
  load(a, b, 2000, 0)
  const { equal, compareBytes, rounds } = runPass(a, b)
  t.equal(equal, true)
  t.equal(rounds, 1)
  t.ok(compareBytes <= 64, `${compareBytes} bytes`)
})

t.test('exactly what differs moves, both ways, and siblings both', async t => {
  const [a, b] = pairOf()
  load(a, b, 5000, 100)
  const { moved } = runPass(a, b)
  // Where both have something the other lacks, both move.
  t.equal(moved, 100 + 20)
  t.equal(a.root, b.root)
  t.equal(runPass(a, b).equal, true)
})

t.test('one of many is found within seven rounds and a few hundred bytes', async t => {
  const [a, b] = pairOf()
  load(a, b, 30_000, 1)
  const { compareBytes, tradeBytes, rounds, moved } = runPass(a, b)
  t.ok(rounds <= 7, `${rounds} rounds`)
  t.ok(compareBytes + tradeBytes <= 600, `${compareBytes + tradeBytes} bytes`)
  t.equal(moved, 1)
})

t.test('an empty member gets everything, whichever of the two it is', async t => {
  for (const empties of [0, 1]) {
    const sides = pairOf()
    for (let i = 0; i < 3000; i++) sides[1 - empties]!.load(`key ${i}`, one)
    for (const side of sides) side.start()
    const { moved } = runPass(...sides)
    t.equal(moved, 3000)
    t.equal(sides[0].root, sides[1].root)
  }
})

t.test('only what both own is compared', async t => {
  const members = ['n1', 'n2', 'n3', 'n4', 'n5']
  const [a, b] = pairOf(members, 32)
  load(a, b, 500, 500)
  runPass(a, b)
  t.equal(runPass(a, b).equal, true)
  t.not(a.root, b.root, 'what only one of them owns stays')
})

t.test('a pass that is broken off leaves less for the next', async t => {
  const [a, b] = pairOf()
  load(a, b, 5000, 300)
  let moved = 0
  for (let i = 0; i < 40; i++) {
    const part = runPass(a, b, { roundsMax: 6, size: 16, from: i * 2 ** 43 })
    moved += part.moved
    if (part.equal) break
  }
  t.equal(a.root, b.root)
  t.ok(moved <= 300 + 60 + 40 * 16, `${moved} moved`)
})

t.test('what was written meanwhile is merged, never overwritten', async t => {
  const [a, b] = pairOf()
  load(a, b, 200, 50)
  const late = putOn(noSiblings, 'd', 'late')
  runPass(a, b, {
    meanwhile: round => {
      if (round !== 2) return
      for (let i = 0; i < 50; i++) for (const side of [a, b]) side.write(`key ${i}`, late)
    },
  })
  for (const side of [a, b]) side.flush()
  for (let i = 0; i < 3; i++) {
    for (const side of [a, b]) side.now = (side.now + 20_000) as Instant
    runPass(a, b)
  }
  t.equal(a.root, b.root)
  for (const side of [a, b]) {
    const held = side.objects.durable(side.placement.tokenOf('key 1' as never), 'key 1' as never)
    if (typeof held !== 'object') throw new Error('it is held')
    t.ok(held.siblings.versions.some(({ op }) => op.startsWith('d')))
  }
})

t.test('writes in flight are no difference; a hot key is repaired at the second time', async t => {
  const [a, b] = pairOf()
  load(a, b, 100, 0)
  const wall = 1_800_000_000_000
  for (let i = 0; i < 20; i++) a.write(`key ${i}`, two, wall - 100)
  a.flush()
  const young = runPass(a, b, { wall })
  t.equal(young.equal, true, 'b may hear of them yet')
  // A real difference of a key that is written all the time.
  a.write('key 50', beside, wall - 60_000)
  a.flush()
  const first = runPass(a, b, { wall })
  t.equal(first.moved, 0)
  t.equal(first.pass.waiting.size, 1)
  t.equal(runPass(a, b, { wall, waited: first.pass.waiting }).moved, 1)
})

t.test('any two members end equal, with what both held', async () => {
  const state = fc.constantFrom(undefined, one, two, beside, mergeSiblings(two, beside))
  const keys = fc.array(fc.tuple(state, state), { size: 'max', maxLength: 60 })
  fc.assert(
    fc.property(keys, fc.constantFrom(1, 7, 512), (states, size) => {
      const [a, b] = pairOf(undefined, 16)
      for (const [i, [left, right]] of states.entries()) {
        if (left !== undefined) a.load(`k${i}`, left)
        if (right !== undefined) b.load(`k${i}`, right)
      }
      a.start()
      b.start()
      runPass(a, b, { size })
      const equal = a.root === b.root && runPass(a, b).equal
      const whole = states.every(([left, right], i) => {
        const merged = mergeSiblings(left ?? noSiblings, right ?? noSiblings)
        const key = `k${i}` as never
        const held = a.objects.durable(a.placement.tokenOf(key), key)
        const ops = typeof held === 'object' ? held.siblings.versions.map(({ op }) => op) : []
        return `${ops}` === `${merged.versions.map(({ op }) => op)}`
      })
      return equal && whole
    }),
    { numRuns: 40 },
  )
})
