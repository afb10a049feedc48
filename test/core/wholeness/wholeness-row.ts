import t from 'tap'
import type { NodeId } from '../../../src/core/ids.ts'
import { decodeWholeness, encodeWholeness } from '../../../src/core/wholeness/wholeness-row.ts'
import { nodeHash } from '../../../src/node/hash.ts'

const row = {
  offset: 2 ** 40 + 3,
  waived: ['n1' as NodeId, 'a-longer-name' as NodeId],
  unwhole: new Set([0, 7, 8, 15]),
}

t.test('a row says what was written', async t => {
  t.same(decodeWholeness(nodeHash, encodeWholeness(nodeHash, row, 16), 16), row)
  const none = { offset: 0, waived: [], unwhole: new Set<number>() }
  t.same(decodeWholeness(nodeHash, encodeWholeness(nodeHash, none, 4), 4), none)
})

t.test('a damaged row, or one of another number of partitions, says nothing', async t => {
  const bytes = encodeWholeness(nodeHash, row, 16)
  for (let at = 0; at < bytes.length; at++) {
    const spoilt = Uint8Array.from(bytes)
    spoilt[at] = (spoilt[at] ?? 0) ^ 16
    t.equal(decodeWholeness(nodeHash, spoilt, 16), undefined)
  }
  t.equal(decodeWholeness(nodeHash, bytes, 256), undefined)
  t.equal(decodeWholeness(nodeHash, new Uint8Array(3), 16), undefined)
})
