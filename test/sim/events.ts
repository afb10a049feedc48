import fc from 'fast-check'
import t from 'tap'
import { Events } from '../../src/sim/events.ts'

t.test('by time, then by the order in which they were planned', async t => {
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 20 }), { maxLength: 200 }), times => {
      const events = new Events()
      const seen: (readonly [number, number])[] = []
      times.forEach((at, i) => {
        events.at(at, () => void seen.push([events.now, i]))
      })
      while (events.step(1000));
      const expected = times.map((at, i) => [at, i] as const).sort(([a], [b]) => a - b)
      t.same(seen, expected)
    }),
    { numRuns: 100 },
  )
})

t.test('what is planned while something happens comes in its turn, never in the past', async t => {
  const events = new Events()
  const seen: string[] = []
  events.at(10, () => {
    seen.push('first')
    events.at(3, () => void seen.push(`late, at ${events.now}`))
    events.after(5, () => void seen.push(`after, at ${events.now}`))
  })
  events.at(12, () => void seen.push('second'))
  while (events.step(100));
  t.same(seen, ['first', 'late, at 10', 'second', 'after, at 15'])
  t.equal(events.now, 100)
})

t.test('nothing happens behind the end', async t => {
  const events = new Events()
  events.at(11, () => t.fail('too late'))
  t.equal(events.step(10), false)
  t.equal(events.now, 10)
  t.equal(events.size, 1)
})
