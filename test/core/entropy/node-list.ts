import fc from 'fast-check'
import t from 'tap'
import {
  decodeNodes,
  decodeWanted,
  encodeNodes,
  encodeWanted,
  nodesMax,
} from '../../../src/core/entropy/node-list.ts'

const prefixes = fc
  .uniqueArray(fc.nat(2 ** 18 - 1), { maxLength: nodesMax })
  .map(all => all.sort((a, b) => a - b))

t.test('nodes of a level come back, a byte or two each', async t => {
  fc.assert(
    fc.property(prefixes, all => {
      const bytes = encodeNodes(all)
      return `${decodeNodes(bytes, 18)}` === `${all}` && bytes.length <= 3 * all.length
    }),
  )
  const dense = Array.from({ length: 1000 }, (_, i) => 100 * i)
  t.equal(encodeNodes(dense).length, 1000)
  t.equal(decodeNodes(encodeNodes([4]), 2), undefined, 'no node of this level')
  t.equal(decodeNodes(new Uint8Array(nodesMax + 1), 18), undefined, 'too many')
})

t.test('and what is wanted of each', async t => {
  const wanted = fc.tuple(prefixes, fc.array(fc.nat(2 ** 32 - 1), { maxLength: 9 }))
  fc.assert(
    fc.property(wanted, ([all, shorts]) => {
      const nodes = all.map(prefix => ({ prefix, shorts }))
      t.same(decodeWanted(encodeWanted(nodes), 18), nodes)
    }),
    { numRuns: 20 },
  )
  t.equal(decodeWanted(Uint8Array.of(0, 200, 1), 18), undefined, 'more than there is')
  t.equal(decodeWanted(Uint8Array.of(4, 0), 2), undefined)
})
