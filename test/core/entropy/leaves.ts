import fc from 'fast-check'
import t from 'tap'
import type { Change } from '../../../src/core/entropy/change.ts'
import { blockLeaves, depthFor, depthIn, Leaves } from '../../../src/core/entropy/leaves.ts'
import { prefixOf } from '../../../src/core/entropy/node.ts'
import { addItem, isSameSum, sumWords } from '../../../src/core/entropy/sum.ts'
import type { Instant } from '../../../src/core/ids.ts'
import type { RowKey } from '../../../src/core/step.ts'
import { nodeHash } from '../../../src/node/hash.ts'
import { binary } from '../../helpers/arbitraries.ts'

const bits = 3
const partition = 5
const place = fc.nat(2 ** 45 - 1).map(low => partition * 2 ** 45 + low)
const items = fc.array(fc.record({ place, digest: binary(8, 8) }), { maxLength: 99 })
const depth = fc.constantFrom(2, 4, 8, 10)

t.test('a node is the sum of the items below it, at any level', async () => {
  fc.assert(
    fc.property(items, depth, place, fc.integer({ min: bits, max: 13 }), (all, depth, at, deep) => {
      const leaves = new Leaves(partition, bits, depth)
      const level = Math.min(deep, leaves.level)
      const sum = new Uint32Array(sumWords)
      for (const { place, digest } of all) {
        leaves.change(place, '', digest)
        if (prefixOf(place, level) === prefixOf(at, level)) addItem(sum, 0, digest)
      }
      const found = new Uint32Array(sumWords)
      leaves.addTo(found, 0, level, prefixOf(at, level))
      return isSameSum(sum, found) && leaves.count === all.length
    }),
  )
})

t.test('blocks are stored with what a commit changes, and cleared', async () => {
  fc.assert(
    fc.property(items, items, depth, (before, after, depth) => {
      const leaves = new Leaves(partition, bits, depth)
      for (const { place, digest } of before) leaves.change(place, '', digest)
      const changes = after.map(
        ({ place, digest }): Change => ({
          row: '' as RowKey,
          place,
          before: '',
          after: digest,
          stamp: 0,
          durableAt: 0 as Instant,
        }),
      )
      const rows = Array.from({ length: leaves.blocks }, (_, i) =>
        leaves.encode(nodeHash, i, changes),
      )
      for (const { place, after } of changes) leaves.change(place, '', after)
      const copy = new Leaves(partition, bits, depth)
      if (!rows.every((row, i) => copy.decode(i, row) && depthIn(nodeHash, row) === depth))
        return false
      const [a, b] = [new Uint32Array(sumWords), new Uint32Array(sumWords)]
      leaves.addTo(a, 0, bits, partition)
      copy.addTo(b, 0, bits, partition)
      copy.clear(0, Math.min(blockLeaves, 2 ** depth))
      const last = copy.blocks - 1
      copy.clear(last * blockLeaves, 2 ** depth)
      return isSameSum(a, b) && leaves.count === before.length + after.length
    }),
  )
})

t.test('leaves follow the keys: 3 to 12 a leaf', async t => {
  t.equal(depthFor(0), 2)
  t.equal(depthFor(48), 2)
  t.equal(depthFor(49), 4)
  t.equal(depthFor(3906), 10)
  t.equal(depthFor(2048, 10), 10, 'it does not change at every key')
  t.equal(depthFor(100, 10), 4)
  t.equal(depthIn(nodeHash, new Uint8Array()), undefined)
})
