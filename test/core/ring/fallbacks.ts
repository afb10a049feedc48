import fc from 'fast-check'
import t from 'tap'
import { fallbackLists } from '../../../src/core/ring/fallbacks.ts'

const round = (owners: readonly number[]) => ({
  owners: Int32Array.from([...owners, ...owners]),
  tokens: owners.length,
  starts: Int32Array.of(0),
})

t.test('fallbacks are the nodes further round the walk that are not on the list', async t => {
  const zones = { of: [0, 0, 0, 0, 0], sizes: [5] }
  const circle = round([0, 3, 1, 3, 2, 4])
  t.same(fallbackLists(circle, zones, [[0, 1]], 2), [[3, 2]])
  t.same(fallbackLists(circle, zones, [[0, 1]], 3), [[3, 2, 4]])
  t.same(fallbackLists(circle, zones, [[0, 1]], 0), [[]])
})

t.test('one walk gives what a walk for each fallback would give', async t => {
  // The plain reading: each time the next node whose zone is used least so far.
  const plain = (
    owners: readonly number[],
    of: readonly number[],
    list: number[],
    count: number,
  ) => {
    const taken = [...list]
    for (let i = 0; i < count; i++) {
      const left = [...new Set(owners)].filter(owner => !taken.includes(owner))
      const uses = left.map(owner => taken.filter(other => of[other] === of[owner]).length)
      taken.push(left[uses.indexOf(Math.min(...uses))]!)
    }
    return taken.slice(list.length)
  }
  const counts = { nodes: fc.integer({ min: 3, max: 10 }), zones: fc.integer({ min: 1, max: 5 }) }
  const cases = fc.record(counts).chain(({ nodes, zones }) => {
    const all = Array.from({ length: nodes }, (_, owner) => owner)
    return fc.record({
      owners: fc
        .array(fc.nat({ max: nodes - 1 }), { maxLength: 30 })
        .chain(more => fc.shuffledSubarray([...all, ...more], { minLength: nodes + more.length })),
      of: fc.array(fc.nat({ max: zones - 1 }), { minLength: nodes, maxLength: nodes }),
      list: fc.shuffledSubarray(all, { minLength: 1, maxLength: 3 }),
      count: fc.nat({ max: nodes - 3 }),
    })
  })
  fc.assert(
    fc.property(cases, ({ owners, of, list, count }) => {
      const sizes = [0, 1, 2, 3, 4].map(zone => of.filter(other => other === zone).length)
      const [found] = fallbackLists(round(owners), { of, sizes }, [list], count)
      t.same(found, plain(owners, of, list, count))
    }),
    { numRuns: 500 },
  )
})
