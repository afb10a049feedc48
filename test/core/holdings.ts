import fc from 'fast-check'
import t from 'tap'
import { type Holder, Holdings, holderOfClient, holderThrough } from '../../src/core/holdings.ts'
import type { NodeId } from '../../src/core/ids.ts'

const [a, b, c] = ['a', 'b', 'c'].map(holderOfClient) as [Holder, Holder, Holder]

t.test('one alone comes to half of it, and the next one still finds room', async t => {
  const holdings = new Holdings(1000)
  let taken = 0
  while (holdings.take(a, 10)) taken += 10
  t.equal(taken, 500)
  while (holdings.take(b, 10)) taken += 10
  t.equal(holdings.of(b), 250)
  t.notOk(holdings.fits(a, 1), 'the largest is refused')
  t.ok(holdings.take(c, 10), 'and a newcomer is not')
  t.equal(holdings.total, taken + 10)
})

t.test('one thing that is larger than half fits where there is nothing else', async t => {
  const holdings = new Holdings(1000)
  t.ok(holdings.take(a, 1000))
  t.notOk(holdings.take(b, 1))
  holdings.add(a, -1000)
  t.ok(holdings.take(b, 400))
})

t.test('a client is never a node', async t => {
  t.not(holderOfClient('n1'), holderThrough('n1' as NodeId))
})

t.test('never past the bound, and nothing is left of what was given back', async () => {
  const steps = fc.array(
    fc.record({ who: fc.constantFrom(a, b, c), bytes: fc.integer({ min: 0, max: 400 }) }),
    { maxLength: 100 },
  )
  fc.assert(
    fc.property(steps, all => {
      const holdings = new Holdings(1000)
      const taken = all.filter(({ who, bytes }) => holdings.take(who, bytes))
      if (holdings.total > holdings.max) return false
      for (const { who, bytes } of taken) holdings.add(who, -bytes)
      return holdings.total === 0 && [a, b, c].every(one => holdings.of(one) === 0)
    }),
  )
})

t.test('whoever holds least finds room for as much as all hold on average', async () => {
  const amounts = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 200 })
  fc.assert(
    fc.property(amounts, all => {
      const holdings = new Holdings(1000)
      for (const [i, bytes] of all.entries()) holdings.take(holderOfClient(`${i % 7}`), bytes)
      // Seven holders at most: each is refused once it has an eighth, so an eighth is free.
      return holdings.fits(holderOfClient('new'), Math.floor(1000 / 8) - 50)
    }),
  )
})
