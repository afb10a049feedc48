import t from 'tap'
import { noSiblings } from '../../../src/core/causality/siblings.ts'
import { AsOf } from '../../../src/core/entropy/as-of.ts'
import { decodeEntries, encodeEntries, saltOf } from '../../../src/core/entropy/comparison.ts'
import { sharedOf } from '../../../src/core/entropy/shared.ts'
import { shortAt } from '../../../src/core/entropy/sum.ts'
import type { NodeId } from '../../../src/core/ids.ts'
import { putOn, Side } from '../../helpers/exchange-pair.ts'

const salt = saltOf(77)
const cut = { stamp: 5000, ageMs: 5000 }

t.test('children by their sums, the last one implied; few objects one by one', async t => {
  const side = new Side('n1')
  side.start()
  const shared = sharedOf(side.placement.ring, 'n1' as NodeId, 'n2' as NodeId)
  for (let i = 0; i < 60; i++) side.write(`k${i}`, putOn(noSiblings, 'a', `${i}`))
  side.flush()
  const asOf = new AsOf(side.tree, shared, cut, side.now)
  const root = encodeEntries(asOf, shared, 0, [0], salt)
  t.equal(root.length, 1 + 16 * 4)
  const [entry] = decodeEntries(root, shared, 0, [{ prefix: 0, short: undefined }])!
  if (entry?.type !== 'children') throw new Error('children are told')
  t.equal(entry.children.length, 16)
  const all = entry.children.map(({ prefix }) => prefix)
  const sums = asOf.sums(4, all)
  for (const [i, { short }] of entry.children.entries()) {
    t.equal(short, shortAt(sums, 3 * i, salt), 'as the sum is')
  }
  const bytes = encodeEntries(asOf, shared, 4, all, salt)
  const lower = decodeEntries(bytes, shared, 4, entry.children)!
  for (const below of lower) {
    if (below.type === 'list') {
      t.equal(below.shorts.length <= 8, true)
      continue
    }
    const own = asOf.sums(
      6,
      below.children.map(({ prefix }) => prefix),
    )
    const shorts = below.children.map(({ short }) => short)
    t.same(
      shorts,
      below.children.map((_, i) => shortAt(own, 3 * i, salt)),
    )
  }
  t.equal(decodeEntries(bytes.slice(0, -1), shared, 4, entry.children), undefined)
  t.equal(decodeEntries(new Uint8Array([...bytes, 0]), shared, 4, entry.children), undefined)
})
