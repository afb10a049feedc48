import { deepEqual } from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { bytesOf } from '../../../src/core/binary.ts'
import {
  contextBytesMax,
  decodeContext,
  encodeContext,
  newestOpIn,
} from '../../../src/core/causality/context.ts'
import type { Seen } from '../../../src/core/causality/siblings.ts'
import type { Actor, Key } from '../../../src/core/ids.ts'
import { mutations, objects, opOf } from '../../helpers/arbitrary-siblings.ts'
import { bytesOfHex, golden } from '../../helpers/golden.ts'
import { nodeHash } from '../../helpers/hash.ts'

const key = 'a key' as Key
const newer = { id: 2, key: 'n'.repeat(32) }
const older = { id: 1, key: 'o'.repeat(32) }
const keys = [newer, older]
const seens: fc.Arbitrary<Seen> = objects.map(({ vector, ops, pins }) => ({ vector, ops, pins }))
const encode = (seen: Seen, generation = 7) => encodeContext(nodeHash, keys, key, seen, generation)
const decode = (bytes: Uint8Array, of = key, with_ = keys) =>
  decodeContext(nodeHash, with_, of, bytes)
const nothing: Seen = { vector: [], ops: [], pins: [] }

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

t.test('a context that an earlier version gave out is read', async t => {
  for (const [name, { seen, generation, bytes }] of Object.entries(golden.contexts)) {
    const read = decodeContext(nodeHash, [golden.contextKey], golden.key, bytesOfHex(bytes))
    t.same(read, { seen: { ...seen, pins: [] }, generation }, name)
  }
})

t.test('pins are never left out: vector entries are, or all of it', async t => {
  const entry = (i: number) => ({ actor: String(i).padStart(8, '0') as Actor, counter: 1 })
  const vector = Array.from({ length: 4096 }, (_, i) => entry(i))
  const pins = (count: number) => Array.from({ length: count }, (_, i) => opOf(9000 - i))
  const seen = decode(encode({ vector, ops: [], pins: pins(1000) }))?.seen
  t.equal(seen?.pins.length, 1000)
  t.ok(seen!.vector.length > 3000 && seen!.vector.length < 4096)
  t.same(decode(encode({ vector, ops: [], pins: pins(5001) }))?.seen, nothing)
})

t.test('anybody reads the highest operation of a context, of both formats', async t => {
  fc.assert(fc.property(seens, seen => newestOpIn(encode(seen)) === seen.ops[0]))
  for (const { seen, bytes } of Object.values(golden.contexts)) {
    t.equal(newestOpIn(bytesOfHex(bytes)), seen.ops[0])
  }
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), bytes => {
      const op = newestOpIn(bytes)
      return op === undefined || op.length === 12
    }),
  )
})

t.test("another key's or another cluster's context is refused", async t => {
  t.equal(decode(encode(nothing), 'b key' as Key), undefined)
  t.equal(decode(encode(nothing), key, [{ id: 2, key: 'x'.repeat(32) }]), undefined)
})

t.test('bytes cannot move from the key into the context', async t => {
  // A header that announces one entry, and the entry's first two bytes; the rest is a body.
  const head = '\x02\0\0\0\x02\0\0\0\0\0\x01\0\0\0zz'
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
  const bytes = encode({ vector, ops: [], pins: [] })
  t.ok(bytes.length <= contextBytesMax)
  t.same(decode(bytes)?.seen.vector, vector.slice(0, 4096))
  const tooLong = new Uint8Array(contextBytesMax + 1)
  tooLong.set(bytes)
  t.equal(decode(tooLong), undefined)
})
