import { equal, ok } from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { binaryOf } from '../../src/core/binary.ts'
import { partitionOf } from '../../src/core/hash.ts'
import type { Key, Partition, Token } from '../../src/core/ids.ts'
import {
  keyOfRow,
  objectRowAt,
  objectRowKey,
  objectRowsEnd,
  partitionRange,
} from '../../src/core/row-key.ts'

const tokens = fc.uint8Array({ minLength: 8, maxLength: 8 }).map(bytes => binaryOf(bytes) as Token)
const keys = fc.uint8Array({ minLength: 1, maxLength: 20 }).map(bytes => binaryOf(bytes) as Key)

t.test('a row key is key space, token, key', async t => {
  const row = objectRowKey('tokentok' as Token, 'key' as Key)
  t.equal(row, '\x10tokentokkey')
  t.same(keyOfRow(row), { token: 'tokentok', key: 'key' })
})

t.test('rows are in the order of token, then key', async () => {
  fc.assert(
    fc.property(tokens, keys, tokens, keys, (t1, k1, t2, k2) => {
      const byToken = t1 < t2 || (t1 === t2 && k1 < k2)
      return objectRowKey(t1, k1) < objectRowKey(t2, k2) === byToken
    }),
  )
})

t.test('a partition is one range, and its bounds are no rows', async t => {
  fc.assert(
    fc.property(tokens, keys, fc.constantFrom(1, 2, 256, 65_536), (token, key, partitions) => {
      const row = objectRowKey(token, key)
      const own = partitionOf(token, partitions)
      const { from, to } = partitionRange(own, partitions)
      ok(from < row && row < to)
      if (own > 0) ok(partitionRange((own - 1) as Partition, partitions).to < row)
      if (own > 0) equal(partitionRange((own - 1) as Partition, partitions).to, from)
    }),
  )
  const last = partitionRange(255 as Partition, 256)
  t.equal(last.to, objectRowsEnd)
  t.equal(partitionRange(0 as Partition, 256).from, objectRowAt('\0'.repeat(8)))
})

t.test('the lowest token with the lowest key is in its partition', async t => {
  const row = objectRowKey('\x01\0\0\0\0\0\0\0' as Token, '\0' as Key)
  const { from, to } = partitionRange(1 as Partition, 256)
  t.ok(from < row && row < to)
})
