import fc from 'fast-check'
import t from 'tap'
import {
  blockId,
  blockOfRow,
  blockRowKey,
  blockRows,
  decodeMarker,
  encodeHeader,
  encodeMarker,
  markerRowKey,
  markerRows,
  placeOfBlock,
  roundOfRow,
} from '../../../src/core/entropy/tree-rows.ts'
import { nodeHash } from '../../../src/node/hash.ts'

const block = fc
  .tuple(fc.nat(65_535), fc.nat(2 ** 20 - 1))
  .map(([partition, number]) => blockId(partition, number))

t.test('rows say which block they are of, in the order of partitions', async () => {
  fc.assert(
    fc.property(block, block, (a, b) => {
      const [x, y] = [blockRowKey(a), blockRowKey(b)]
      const { partition, block } = placeOfBlock(a)
      return (
        blockOfRow(x) === a &&
        blockId(partition, block) === a &&
        a < b === x < y &&
        x > blockRows.from &&
        x < blockRows.to
      )
    }),
  )
})

t.test('a marker names its blocks and its round', async () => {
  fc.assert(
    fc.property(fc.array(block), fc.nat(2 ** 31), fc.nat(99), (blocks, round, number) => {
      const row = markerRowKey(round, number)
      const same = decodeMarker(nodeHash, encodeMarker(nodeHash, blocks))!.every(
        (id, i) => id === blocks[i],
      )
      return same && roundOfRow(row) === round && row > markerRows.from && row < markerRows.to
    }),
  )
})

t.test('the tree of another key, or of other partitions, is another', async t => {
  t.notSame(encodeHeader(8, 'a'.repeat(8)), encodeHeader(8, 'b'.repeat(8)))
  t.notSame(encodeHeader(8, 'a'.repeat(8)), encodeHeader(9, 'a'.repeat(8)))
})
