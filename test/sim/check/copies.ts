import fc from 'fast-check'
import t from 'tap'
import { mergeSiblings } from '../../../src/core/causality/siblings.ts'
import { together } from '../../../src/sim/check/copies.ts'
import { trios } from '../../helpers/arbitrary-siblings.ts'

t.test('the reference model says what merging one by one says', async t => {
  fc.assert(
    fc.property(trios, copies => {
      const [a, b, c] = copies
      const merged = mergeSiblings(mergeSiblings(a, b), c)
      const names = new Set(together(copies).map(version => version.op))
      t.same([...names].sort(), [...new Set(merged.versions.map(one => one.op))].sort())
    }),
    { numRuns: 300 },
  )
})
