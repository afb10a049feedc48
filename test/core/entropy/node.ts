import fc from 'fast-check'
import t from 'tap'
import { placeOf, prefixOf, rowsOf } from '../../../src/core/entropy/node.ts'
import type { Key, Token } from '../../../src/core/ids.ts'
import { objectRowKey } from '../../../src/core/row-key.ts'
import { binary } from '../../helpers/arbitraries.ts'

t.test('a node encloses the rows of its tokens, and no others', async () => {
  fc.assert(
    fc.property(binary(8, 8), binary(8, 8), binary(1, 9), fc.nat(48), (one, other, key, level) => {
      const prefix = prefixOf(placeOf(one as Token), level)
      const { from, to } = rowsOf(level, prefix)
      return [one, other].every(token => {
        const row = objectRowKey(token as Token, key as Key)
        const inside = prefixOf(placeOf(token as Token), level) === prefix
        return inside === (row > from && row < to)
      })
    }),
  )
  const last = '\xff'.repeat(8) as Token
  t.ok(rowsOf(4, prefixOf(placeOf(last), 4)).to > objectRowKey(last, '\xff' as Key))
})
