import { deepEqual } from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { binaryOf } from '../../../src/core/binary.ts'
import {
  decodeCheckedObject,
  decodeObject,
  encodeObject,
  vectorEntriesMax,
} from '../../../src/core/causality/object.ts'
import { noSiblings, putVersion, type Siblings } from '../../../src/core/causality/siblings.ts'
import { counterMax } from '../../../src/core/causality/version-vector.ts'
import type { Actor } from '../../../src/core/ids.ts'
import { mutations, objects, opOf, versionOf } from '../../helpers/arbitrary-siblings.ts'
import { bytesOfHex, golden, goldenObject } from '../../helpers/golden.ts'
import { nodeHash } from '../../helpers/hash.ts'

const decode = (bytes: Uint8Array) => decodeObject(nodeHash, bytes)
const blind = { vector: [], ops: [], pins: [] }
const one = putVersion(noSiblings, blind, versionOf('a', 1, 1, 'one'))

t.test('an object survives the way to bytes and back', async t => {
  fc.assert(fc.property(objects, object => deepEqual(decode(encodeObject(object)), object)))
  t.same(decode(encodeObject(noSiblings)), noSiblings)
})

t.test('the layout is fixed', async t => {
  const version = { ...versionOf('a', 258, 7, 'hi'), at: 3 }
  const object = { ...noSiblings, vector: [version.dot], ops: [version.op], versions: [version] }
  const dot = 'aaaaaaaa\0\0\0\0\x01\x02'
  const crc = String.fromCharCode(...Uint8Array.of(0xd8, 0x93, 0x2a, 0xac))
  t.equal(
    binaryOf(encodeObject(object)),
    `\x01\0\0\0\0\x01\x01\0\x01${dot}${opOf(7)}${dot}${opOf(7)}\0${crc}\0\0\0\0\0\x03\x02n1\0\0\0\x02hi`,
  )
})

t.test(
  'pins stand behind the operations, and an object without them says nothing of them',
  async t => {
    const pins = [opOf(5), opOf(3)]
    const bytes = binaryOf(encodeObject({ ...one, pins }))
    const plain = binaryOf(encodeObject(one))
    const [header, rest] = [plain.slice(0, 9), plain.slice(9)]
    const listed = `${rest.slice(0, 14 + 12)}${pins.join('')}${rest.slice(14 + 12)}`
    t.equal(bytes, `\x01\x01${header.slice(2)}\0\x02${listed}`)
  },
)

t.test('what an earlier version wrote is read, and written as it was', async t => {
  for (const [name, { bytes }] of Object.entries(golden.objects)) {
    const object = decode(bytesOfHex(bytes))
    t.same(object, goldenObject(name), name)
    t.same(encodeObject(object!), bytesOfHex(bytes), name)
  }
})

t.test('values are views on the bytes', async t => {
  const bytes = encodeObject(one)
  t.equal(decode(bytes)?.versions[0]?.value.buffer, bytes.buffer)
})

t.test('what is malformed is refused', async t => {
  const dot = versionOf('a', 1, 1, 'one').dot
  const twice: Siblings = { ...one, vector: [dot, dot] }
  const reserved = (at: number) => {
    const bytes = encodeObject(one)
    bytes[at]! |= 2
    return bytes
  }
  const versionsAt = 9 + 14 + 12
  const noneButSaysSo = Uint8Array.of(1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0)
  const refused: readonly (readonly [string, Uint8Array])[] = [
    ['an actor twice', encodeObject(twice)],
    ['a counter of 0', encodeObject({ ...noSiblings, vector: [{ ...dot, counter: 0 }] })],
    ['a live dot that the vector has not seen', encodeObject({ ...one, vector: [] })],
    ['operations not descending', encodeObject({ ...one, ops: [opOf(1), opOf(2)] })],
    ['a ninth operation', encodeObject({ ...one, ops: [9, 8, 7, 6, 5, 4, 3, 2, 1].map(opOf) })],
    ['a version twice', encodeObject({ ...one, versions: [one.versions[0]!, one.versions[0]!] })],
    ['history', reserved(1)],
    ['pins, of which there are none', noneButSaysSo],
    ['pins not descending', encodeObject({ ...one, pins: [opOf(1), opOf(2)] })],
    ['an expiry', reserved(versionsAt + 26)],
    ['another format', reserved(0)],
    ['nothing', new Uint8Array(0)],
  ]
  for (const [what, bytes] of refused) t.equal(decode(bytes), undefined, what)
})

t.test('a tombstone has no value', async t => {
  const version = { ...versionOf('a', 1, 1, 'one'), tombstone: true }
  t.equal(decode(encodeObject({ ...one, versions: [version] })), undefined)
})

t.test("a coordinator's name is a node's name", async t => {
  const bytes = encodeObject(one)
  bytes[9 + 14 + 12 + 38] = '/'.charCodeAt(0)
  t.equal(decode(bytes), undefined)
})

t.test('a value without its checksum is refused, unless the caller checked the bytes', async t => {
  const bytes = encodeObject(one)
  bytes[bytes.length - 1]! ^= 1
  t.equal(decode(bytes), undefined)
  t.ok(decodeCheckedObject(bytes))
})

t.test('counters reach 2^48-1, vectors 65,536 entries', async t => {
  const vector = Array.from({ length: vectorEntriesMax + 1 }, (_, i) => ({
    actor: i.toString(36).padStart(8, '0') as Actor,
    counter: counterMax,
  })).sort((a, b) => (a.actor < b.actor ? -1 : 1))
  const most = { ...noSiblings, vector: vector.slice(1) }
  t.equal(decode(encodeObject(most))?.vector.at(-1)?.counter, counterMax)
  t.equal(decode(encodeObject({ ...noSiblings, vector })), undefined)
})

t.test('10,000 mutations: never an error, and what passes encodes to the same bytes', async t => {
  let refused = 0
  fc.assert(
    fc.property(objects, mutations, (object, mutate) => {
      const bytes = mutate(encodeObject(object))
      const read = decode(bytes)
      if (read === undefined) refused++
      else deepEqual(encodeObject(read), bytes)
    }),
    { numRuns: 10_000 },
  )
  t.ok(refused > 4000, `${refused} refused`)
})
