import t from 'tap'
import type { Record } from '../../src/core/causality/record.ts'
import { noSiblings } from '../../src/core/causality/siblings.ts'
import { tokenOf } from '../../src/core/hash.ts'
import type { Key } from '../../src/core/ids.ts'
import { ObjectRows } from '../../src/core/object-rows.ts'
import { Pending } from '../../src/core/pending.ts'
import type { Stored } from '../../src/core/quorum/put-coordination.ts'
import { stampsOf } from '../../src/core/reaping/reaping.ts'
import { objectRowKey } from '../../src/core/row-key.ts'
import type { Row } from '../../src/core/step.ts'
import { nodeHash } from '../../src/node/hash.ts'
import { putOn, Side } from '../helpers/exchange-pair.ts'

const key = 'k' as Key
const token = tokenOf(nodeHash, key)

t.test('rows of objects are written by whoever claimed them, and by no one else', async t => {
  const side = new Side('n1')
  side.start()
  const row = objectRowKey(token, key)
  const bytes = new Uint8Array(1)
  const forged: Row = { key: row, value: bytes }
  t.throws(() => side.pending.write(row, { bytes, meaning: undefined }))
  t.throws(() => side.pending.write(row, { bytes: undefined, meaning: undefined }))
  t.throws(() => side.pending.onlyWriterOf('\x10'), 'nor by a second one')
  side.write('k', putOn(noSiblings, 'a', 'v'))
  side.flush()
  t.ok(side.disk.has(row), 'by their own writer')
  t.throws(() => side.pending.turn(() => [forged], true), 'nor beside a commit')
})

t.test('a row is not written as it was before something else was', async t => {
  const pending = new Pending<Record, Stored>()
  const side = new Side('n1')
  side.start()
  const { placement, tree } = side
  const reads = { get: () => undefined, range: () => [] }
  const stamps = stampsOf<Stored>({ hash: nodeHash, reads, pending, partitions: 16, placement })
  const rows = new ObjectRows<Stored>({ hash: nodeHash, reads, pending, tree, ...stamps })
  const read = rows.read(token, key)
  t.match(read, { record: undefined, digest: '', kind: undefined })
  side.write('k', putOn(noSiblings, 'a', 'v'))
  const record = side.objects.base(token, key)
  rows.write(read, record, 0, undefined)
  t.equal(rows.read(token, key).digest, record?.digest)
  t.throws(() => rows.write(read, record, 0, undefined))
})

t.test('a damaged row is told of once, by a read and by a write that finds it', async t => {
  const side = new Side('n1')
  side.start()
  const keys = ['k', 'l'] as Key[]
  for (const one of keys) side.write(one, putOn(noSiblings, 'a', 'v'))
  side.flush()
  const places = keys.map(one => objectRowKey(tokenOf(nodeHash, one), one))
  for (const place of places) side.disk.get(place)![20]! ^= 1
  const { objects } = side
  objects.durable(token, key)
  objects.durableDigest(token, key)
  t.same(objects.damage.take(), [places[0]])
  side.write('l', putOn(noSiblings, 'b', 'v'))
  t.same(objects.damage.take(), [places[1]])
  side.write('k', putOn(noSiblings, 'b', 'v'))
  t.equal(objects.damage.total, 2)
})
