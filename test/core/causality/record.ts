import { deepEqual, equal } from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { itemDigest } from '../../../src/core/causality/digest.ts'
import { encodeObject } from '../../../src/core/causality/object.ts'
import { decodeRecord, digestOfRecord, encodeRecord } from '../../../src/core/causality/record.ts'
import { noSiblings, putVersion, type Siblings } from '../../../src/core/causality/siblings.ts'
import type { Key, StartId } from '../../../src/core/ids.ts'
import { actorOf, mutations, objects, versionOf } from '../../helpers/arbitrary-siblings.ts'
import { bytesOfHex, golden, goldenObject } from '../../helpers/golden.ts'
import { nodeHash } from '../../helpers/hash.ts'

const key = 'a key' as Key
const field = { actor: actorOf('a'), start: 'start--1' as StartId }
const one = putVersion(noSiblings, { vector: [], ops: [], pins: [] }, versionOf('a', 1, 1, 'one'))

function recordOf(siblings: Siblings, withField: boolean) {
  return {
    object: encodeObject(siblings),
    digest: itemDigest(nodeHash, 'secret', key, siblings),
    time: 1_700_000_000_000,
    generation: 2 ** 32 - 1,
    field: withField ? field : undefined,
  }
}
const row = encodeRecord(nodeHash, key, recordOf(one, true))

t.test('a record survives the way to a row and back, with and without a field', async () => {
  fc.assert(
    fc.property(objects, fc.boolean(), (siblings, withField) => {
      const record = recordOf(siblings, withField)
      const bytes = encodeRecord(nodeHash, key, record)
      deepEqual(decodeRecord(nodeHash, key, bytes), { ...record, siblings })
      equal(digestOfRecord(nodeHash, key, bytes), record.digest)
    }),
  )
})

t.test('a row has bytes of its own, and no more than it needs', async t => {
  t.equal(row.buffer.byteLength, row.length)
  t.equal(row.length, 24 + 16 + encodeObject(one).length)
})

t.test("a row under another row's key is damaged", async t => {
  t.equal(decodeRecord(nodeHash, 'b key' as Key, row), undefined)
  t.equal(digestOfRecord(nodeHash, 'a ke' as Key, row), undefined)
})

t.test('each byte of a row counts', async t => {
  for (let at = 0; at < row.length; at++) {
    for (const by of [1, 2, 0x80]) {
      const changed = row.slice()
      changed[at]! ^= by
      if (decodeRecord(nodeHash, key, changed) !== undefined) t.fail(`byte ${at}`)
      if (digestOfRecord(nodeHash, key, changed) !== undefined) t.fail(`byte ${at}`)
    }
  }
  t.equal(decodeRecord(nodeHash, key, row)?.digest.length, 8)
})

t.test('10,000 mutations: never an error, none passes', async t => {
  fc.assert(
    fc.property(objects, fc.boolean(), mutations, (siblings, withField, mutate) => {
      const bytes = mutate(encodeRecord(nodeHash, key, recordOf(siblings, withField)))
      return (
        decodeRecord(nodeHash, key, bytes) === undefined &&
        digestOfRecord(nodeHash, key, bytes) === undefined
      )
    }),
    { numRuns: 10_000 },
  )
  t.equal(decodeRecord(nodeHash, key, new Uint8Array(0)), undefined)
})

t.test('a sound row with a malformed object is damaged', async t => {
  const record = { ...recordOf(one, false), object: encodeObject({ ...one, vector: [] }) }
  const bytes = encodeRecord(nodeHash, key, record)
  t.equal(decodeRecord(nodeHash, key, bytes), undefined)
})

t.test('rows that an earlier version wrote are read', async t => {
  for (const [name, { of, field, bytes }] of Object.entries(golden.records)) {
    const record = decodeRecord(nodeHash, golden.key, bytesOfHex(bytes))
    t.same(record?.siblings, goldenObject(of), name)
    t.same(record?.field, field, name)
  }
})
