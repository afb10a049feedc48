import t from 'tap'
import type { Partition } from '../../../src/core/ids.ts'
import {
  decodeState,
  encodeState,
  isStateRow,
  partitionOfRow,
  partitionRowKey,
  partitionRows,
} from '../../../src/core/reaping/partition-rows.ts'
import { nodeHash } from '../../../src/node/hash.ts'

t.test('a state comes back as it was written, or not at all', async t => {
  const state = { generation: 2 ** 32 - 1, floor: 70_000, reaped: 3 }
  const bytes = encodeState(nodeHash, state)
  t.same(decodeState(nodeHash, bytes), state)
  for (let at = 0; at < bytes.length; at++) {
    const rotten = bytes.slice()
    rotten[at]! ^= 4
    t.equal(decodeState(nodeHash, rotten), undefined)
  }
  t.equal(decodeState(nodeHash, bytes.slice(0, -1)), undefined)
})

t.test('its row says which partition it is of', async t => {
  for (const partition of [0, 1, 255, 256, 65_535] as Partition[]) {
    const row = partitionRowKey(partition)
    t.equal(partitionOfRow(row), partition)
    t.equal(isStateRow(row), true)
    t.equal(row > partitionRows.from && row < partitionRows.to, true)
  }
})
