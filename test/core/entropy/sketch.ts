import fc from 'fast-check'
import t from 'tap'
import { cellBytes, cellsFor, Sketch } from '../../../src/core/entropy/sketch.ts'

const size = 16_384
const salt = fc.integer({ min: 0, max: 2 ** 32 - 1 })
const value = fc.integer({ min: 0, max: 2 ** 32 - 1 })

/** What two sketches of these vectors tell, of so many cells. */
function told(
  a: ReadonlyMap<number, number>,
  b: ReadonlyMap<number, number>,
  cells: number,
  s: number,
) {
  const [ours, theirs] = [new Sketch(cells, s), new Sketch(cells, s)]
  for (const [index, x] of a) ours.add(index, x)
  for (const [index, x] of b) theirs.add(index, x)
  return ours.differences(theirs.encode(), size)
}

t.test(
  'a sketch tells where two vectors differ and by how much, but for a few, or that it cannot',
  async t => {
    let complete = 0
    let all = 0
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.nat(size - 1), { minLength: 300, maxLength: 400 }),
        fc.nat(250),
        fc.infiniteStream(value),
        salt,
        (indices, differing, values, s) => {
          const next = () => values.next().value as number
          const a = new Map(indices.map(index => [index, next()]))
          const b = new Map(a)
          for (const index of indices.slice(0, differing)) b.set(index, next())
          const truth = indices.filter(
            index => (a.get(index)! - b.get(index)!) % (2 ** 32 - 5) !== 0,
          )
          const found = told(a, b, cellsFor(differing), s)
          all++
          if (found === undefined) return true
          if (found.length === truth.length) complete++
          const right = found.every(({ index, difference }) => {
            return (a.get(index)! + difference - b.get(index)!) % (2 ** 32 - 5) === 0
          })
          const known = new Set(found.map(({ index }) => index))
          const few = truth.length - known.size <= found.length / 5
          return right && few && [...known].every(index => truth.includes(index))
        },
      ),
      { numRuns: 200 },
    )
    t.ok(complete > all * 0.9, `${complete} of ${all} were complete`)
  },
)

t.test('too many differences are told to be too many', async t => {
  const a = new Map(Array.from({ length: 500 }, (_, i) => [i * 31, i + 1]))
  t.equal(told(a, new Map(), cellsFor(100), 7), undefined)
  t.same(told(a, a, cellsFor(0), 7), [])
  t.equal(new Sketch(27, 0).encode().length, 27 * cellBytes)
})

t.test('bytes that are no sketch end, whatever they say', async () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 27 * 12, maxLength: 27 * 12 }), salt, (bytes, s) => {
      const found = new Sketch(27, s).differences(bytes, size)
      return found === undefined || found.length <= size
    }),
    { numRuns: 200 },
  )
})
