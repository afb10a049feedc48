import { deepEqual } from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { bytesOf } from '../../../src/core/binary.ts'
import {
  contextBytesMax,
  decodeContext,
  encodeContext,
} from '../../../src/core/causality/context.ts'
import type { Seen } from '../../../src/core/causality/siblings.ts'
import type { Actor, Key } from '../../../src/core/ids.ts'
import { mutations, objects } from '../../helpers/arbitrary-siblings.ts'
import { nodeHash } from '../../helpers/hash.ts'

const key = 'a key' as Key
const newer = { id: 2, key: 'n'.repeat(32) }
const older = { id: 1, key: 'o'.repeat(32) }
const keys = [newer, older]
const seens: fc.Arbitrary<Seen> = objects.map(({ vector, ops }) => ({ vector, ops }))
const encode = (seen: Seen, generation = 7) => encodeContext(nodeHash, keys, key, seen, generation)
const decode = (bytes: Uint8Array, of = key, with_ = keys) =>
  decodeContext(nodeHash, with_, of, bytes)
const nothing: Seen = { vector: [], ops: [] }

t.test('a context survives the way to bytes and back', async () => {
  fc.assert(
    fc.property(seens, fc.nat(2 ** 32 - 1), (seen, generation) => {
      deepEqual(decode(encode(seen, generation)), { seen, generation })
    }),
  )
})

t.test('the newest key signs, every key of the ring is accepted', async t => {
  const before = encodeContext(nodeHash, [older], key, nothing, 0)
  t.ok(decode(before))
  t.equal(decode(encode(nothing), key, [older]), undefined)
  t.ok(decode(encode(nothing), key, [newer]))
})

t.test("another key's or another cluster's context is refused", async t => {
  t.equal(decode(encode(nothing), 'b key' as Key), undefined)
  t.equal(decode(encode(nothing), key, [{ id: 2, key: 'x'.repeat(32) }]), undefined)
})

t.test('bytes cannot move from the key into the context', async t => {
  // A header that announces one entry, and the entry's first two bytes; the rest is a body.
  const head = '\x01\0\0\0\x02\0\0\0\0\0\x01\0zz'
  const signed = encodeContext(nodeHash, keys, (key + head) as Key, nothing, 7)
  t.equal(decode(Uint8Array.of(...bytesOf(head), ...signed)), undefined)
})

t.test('10,000 mutations: never an error, none passes', async t => {
  fc.assert(
    fc.property(seens, mutations, (seen, mutate) => decode(mutate(encode(seen))) === undefined),
    { numRuns: 10_000 },
  )
  t.equal(decode(new Uint8Array(0)), undefined)
})

t.test('a context stays within 64 KiB, and longer bytes are refused unread', async t => {
  const vector = Array.from({ length: 5000 }, (_, i) => ({
    actor: String(i).padStart(8, '0') as Actor,
    counter: 1,
  }))
  const bytes = encode({ vector, ops: [] })
  t.ok(bytes.length <= contextBytesMax)
  t.same(decode(bytes)?.seen.vector, vector.slice(0, 4096))
  const tooLong = new Uint8Array(contextBytesMax + 1)
  tooLong.set(bytes)
  t.equal(decode(tooLong), undefined)
})
