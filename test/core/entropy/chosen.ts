import fc from 'fast-check'
import t from 'tap'
import { chosenOf } from '../../../src/core/entropy/chosen.ts'
import type { Difference } from '../../../src/core/entropy/descent.ts'

type Item = Difference['own'][number]
const item = fc.integer({ min: 0, max: 400 }).map(row => ({ row }) as never as Item)
const differences = fc.uniqueArray(
  fc.record({
    level: fc.constantFrom(4, 4, 8),
    prefix: fc.nat(1000),
    own: fc.array(item, { maxLength: 9 }),
    theirs: fc.array(fc.nat(9), { maxLength: 9 }),
  }),
  { selector: ({ prefix }) => prefix, minLength: 1, maxLength: 20 },
)

/** So many bytes are told of an item; of those with an even number nothing is held. */
function heldOf({ row }: Item, of: Difference) {
  const bytes = Number(row)
  return bytes % 2 === 0 ? [] : [{ key: 'k' as never, known: new Uint8Array(bytes), of }]
}

function heldIn(all: readonly Difference[]): number {
  return all.flatMap(({ own }) => own).filter(({ row }) => Number(row) % 2 === 1).length
}

t.test('a question has a bound, and all that differs is in one', async () => {
  const bytesMax = 600
  fc.assert(
    fc.property(differences, fc.integer({ min: 1, max: 30 }), (all, objects) => {
      let left: readonly Difference[] = all
      let [held, wanted] = [0, 0]
      for (let questions = 0; left.length > 0; questions++) {
        if (questions > 500) return false
        const chosen = chosenOf(left, { objects, bytes: bytesMax }, heldOf)
        const bytes = chosen.held.reduce((sum, { known }) => sum + known.length, 0)
        const prefixes = chosen.wanted.map(({ prefix }) => prefix)
        const ascend = prefixes.every((prefix, i) => i === 0 || prefix > (prefixes[i - 1] ?? 0))
        if (bytes > bytesMax || !ascend) return false
        held += chosen.held.length
        wanted += chosen.wanted.reduce((sum, { shorts }) => sum + shorts.length, 0)
        left = chosen.left
      }
      return held === heldIn(all) && wanted === all.flatMap(({ theirs }) => theirs).length
    }),
  )
})
