import { deepEqual, equal, ok } from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { binaryOf } from '../../src/core/binary.ts'
import { partitionOf } from '../../src/core/hash.ts'
import type { Key, NodeId, Partition, Token } from '../../src/core/ids.ts'
import {
  hintOfRow,
  hintRowKey,
  hintRows,
  hintRowsOf,
  hintRowsOfPartition,
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

const owners = fc.stringMatching(/^[a-z0-9][a-z0-9-]{0,9}$/).map(id => id as NodeId)

t.test('a hint row says whose hint of which key it is', async t => {
  const row = hintRowKey('tokentok' as Token, 'key' as Key, 'n1' as NodeId)
  t.equal(row, '\x20tokentok\0\x03keyn1')
  const long = 'x'.repeat(1024) as Key
  t.equal(hintOfRow(hintRowKey('tokentok' as Token, long, 'n1' as NodeId)).key, long)
  fc.assert(
    fc.property(tokens, keys, owners, (token, key, owner) => {
      const row = hintRowKey(token, key, owner)
      ok(hintRows.from < row && row < hintRows.to)
      deepEqual(hintOfRow(row), { token, key, owner })
    }),
  )
})

t.test('the hints of a partition are one range, and each is in one', async () => {
  const partitions = fc.constantFrom(1, 16, 256, 65_536)
  fc.assert(
    fc.property(tokens, keys, owners, partitions, (token, key, owner, count) => {
      const row = hintRowKey(token, key, owner)
      const own = partitionOf(token, count)
      for (const partition of [own - 1, own, own + 1]) {
        if (partition < 0 || partition >= count) continue
        const { from, to } = hintRowsOfPartition(partition as Partition, count)
        deepEqual(from < row && row < to, partition === own)
      }
    }),
  )
})

t.test('the hints of one key are one range, and no other key has a row in it', async () => {
  // One token for both, and one key the beginning of the other, its rest like an owner's name.
  const pair = fc.record({ token: tokens, key: keys, rest: owners, owner: owners, other: owners })
  fc.assert(
    fc.property(pair, ({ token, key, rest, owner, other }) => {
      const { from, to } = hintRowsOf(token, key)
      const row = hintRowKey(token, key, owner)
      ok(from < row && row < to)
      const longer = hintRowKey(token, (key + rest) as Key, other)
      ok(longer <= from || longer >= to)
      const bounds = hintRowsOf(token, (key + rest) as Key)
      ok(row <= bounds.from || row >= bounds.to)
    }),
  )
})

t.test('hints lie in the order of tokens', async () => {
  fc.assert(
    fc.property(tokens, keys, owners, tokens, keys, owners, (t1, k1, o1, t2, k2, o2) => {
      if (t1 !== t2) equal(hintRowKey(t1, k1, o1) < hintRowKey(t2, k2, o2), t1 < t2)
    }),
  )
})
