import fc from 'fast-check'
import { Packr, Unpackr } from 'msgpackr'
import t from 'tap'
import { binaryOf, hexOf } from '../../src/core/binary.ts'
import {
  type Decode,
  decodeClientReply,
  decodeClientRequest,
  decodePeerMessage,
  encode,
  isPeerMessage,
} from '../../src/wire/message-codec.ts'
import { isMalformed } from '../../src/wire/read.ts'
import { scan } from '../../src/wire/scan.ts'
import { type AnyMessage, tags } from '../../src/wire/tags.ts'
import { sampleMessages } from '../fixtures/sample-messages.ts'
import { wireVectors } from '../fixtures/wire-vectors.ts'
import { anyMessage, messages } from '../helpers/messages.ts'
import { mutations } from '../helpers/mutations.ts'

const unpackr = new Unpackr({ useRecords: false, int64AsType: 'number', copyBuffers: true })
const packr = new Packr({ useRecords: false })

const decoders = [decodePeerMessage, decodeClientRequest, decodeClientReply] as const

function decoderOf(message: AnyMessage): Decode<AnyMessage> {
  if (isPeerMessage(message)) return decodePeerMessage
  return tags[message.type] < tags.got ? decodeClientRequest : decodeClientReply
}

function reasonOf(decode: Decode<AnyMessage>, bytes: Uint8Array): string {
  const message = decode(bytes)
  return isMalformed(message) ? message.malformed : ''
}

/** The message's fields, to be changed and sent again by another's hand. */
function fieldsOf(message: AnyMessage): unknown[] {
  return unpackr.unpack(encode(message))
}

/** Bytes of an array made by msgpackr, which writes large integers as such from bigint only. */
function bytesBy(fields: readonly unknown[]): Uint8Array {
  return Uint8Array.from(packr.pack(fields.map(large)))
}

function large(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(large)
  return Number.isInteger(value) && Number(value) > 2 ** 32 ? BigInt(Number(value)) : value
}

for (const [type, arbitrary] of Object.entries(messages)) {
  t.test(`${type}: every message comes back as it was, alone and within a chunk`, async t => {
    fc.assert(
      fc.property(arbitrary as fc.Arbitrary<AnyMessage>, message => {
        const bytes = encode(message)
        const decode = decoderOf(message)
        t.same(decode(bytes), message)
        const chunk = new Uint8Array(bytes.length + 5).fill(0xc1)
        chunk.set(bytes, 2)
        const back = decode(chunk, 2, 2 + bytes.length)
        chunk.fill(0xee)
        t.same(back, message, 'and does not change with the chunk')
      }),
      { numRuns: 25 },
    )
  })

  t.test(`${type}: msgpackr reads an array with the tag in front`, async t => {
    fc.assert(
      fc.property(arbitrary as fc.Arbitrary<AnyMessage>, message => {
        const fields = fieldsOf(message)
        t.equal(fields[0], tags[message.type])
        t.equal(fields[1], message.id)
      }),
      { numRuns: 10 },
    )
  })

  t.test(`${type}: only the decoders of its role know it`, async t => {
    const message = sampleMessages[type as AnyMessage['type']]
    for (const decode of decoders) {
      const known = decode === decoderOf(message)
      t.equal(reasonOf(decode, encode(message)) === '', known)
    }
  })

  t.test(`${type}: its bytes have not drifted`, async t => {
    const message = sampleMessages[type as AnyMessage['type']]
    const vector = wireVectors[type as AnyMessage['type']]
    t.equal(hexOf(binaryOf(encode(message))), vector)
    t.same(decoderOf(message)(Uint8Array.from(Buffer.from(vector, 'hex'))), message)
  })

  t.test(`${type}: one field more or less is refused, and every truncation`, async t => {
    const message = sampleMessages[type as AnyMessage['type']]
    const decode = decoderOf(message)
    const fields = fieldsOf(message)
    t.match(reasonOf(decode, bytesBy([...fields, null])), /number of fields/)
    t.match(reasonOf(decode, bytesBy(fields.slice(0, -1))), /number of fields/)
    const bytes = encode(message)
    for (let to = 0; to < bytes.length; to++) {
      t.ok(isMalformed(decode(bytes, 0, to)))
    }
  })
}

t.test('a put written by msgpackr is read', async t => {
  const { put } = sampleMessages
  const fields = [
    65,
    put.id,
    Buffer.from(put.epoch, 'latin1'),
    put.timeLeft,
    Buffer.from(put.key, 'latin1'),
    Buffer.from(put.value!),
    Buffer.from(put.context!),
    Buffer.from(put.op, 'latin1'),
    true,
    BigInt(put.generation),
    2,
    true,
    false,
  ]
  t.same(decodeClientRequest(bytesBy(fields)), put)
})

t.test('a field of another kind or range is refused with a reason', async t => {
  const put = fieldsOf(sampleMessages.put)
  const replies = fieldsOf(sampleMessages.wrote)
  const withField = (at: number, value: unknown) =>
    reasonOf(decodeClientRequest, bytesBy(put.with(at, value)))
  t.equal(withField(1, 5), '')
  t.match(withField(0, 96), /does not carry/)
  t.match(withField(0, 'put'), /whole number/)
  t.match(withField(1, 1.5), /whole number/)
  t.match(withField(1, -1), /below 0|whole number/)
  t.match(withField(1, -(2n ** 40n)), /below 0/)
  t.match(withField(1, 2n ** 53n), /above/)
  t.match(withField(1, 2n ** 64n - 1n), /above/)
  t.equal(withField(1, 2n ** 53n - 1n), '')
  t.match(withField(2, Buffer.alloc(7)), /wrong length/)
  t.match(withField(2, 'EPOCHEPO'), /bytes are wanted/)
  t.match(withField(3, null), /whole number/)
  t.match(withField(4, Buffer.alloc(0)), /key of wrong length/)
  t.equal(withField(4, Buffer.alloc(1024)), '')
  t.match(withField(4, Buffer.alloc(1025)), /key of wrong length/)
  t.match(withField(5, 'text'), /bytes are wanted/)
  t.match(withField(7, Buffer.alloc(11)), /wrong length/)
  t.match(withField(8, 1), /boolean/)
  t.equal(withField(9, 2n ** 48n - 1n), '')
  t.match(withField(9, 2n ** 48n), /above/)
  t.match(withField(10, 1025), /above 1024/)
  const outcome = replies[6] as unknown[]
  const withOutcome = (at: number, value: unknown) =>
    reasonOf(decodeClientReply, bytesBy(replies.with(6, outcome.with(at, value))))
  t.equal(withOutcome(0, ['n1']), '')
  t.match(withOutcome(0, ['../n1']), /no node/)
  t.match(withOutcome(0, ['con']), /no node/)
  t.match(withOutcome(0, ['n'.repeat(33)]), /more than 32/)
  t.match(
    withOutcome(
      0,
      Array.from({ length: 1025 }, () => 'n1'),
    ),
    /more than 1024/,
  )
  t.match(withOutcome(0, 'n1'), /array is wanted/)
  t.match(withOutcome(7, [Buffer.alloc(8), 0]), /without a counter/)
  t.match(withOutcome(7, [Buffer.alloc(8)]), /another length/)
  const failed = fieldsOf(sampleMessages.failed)
  const failure = failed[2] as unknown[]
  const withFailure = (at: number, value: unknown) =>
    reasonOf(decodeClientReply, bytesBy(failed.with(2, failure.with(at, value))))
  t.match(withFailure(0, 'NO_SUCH_CODE'), /word/)
  t.match(withFailure(1, '\x1b]0;x\x07'), /control/)
  t.match(withFailure(1, 'x'.repeat(1025)), /more than 1024/)
})

t.test('what is no array of a message is refused', async t => {
  for (const decode of decoders) {
    t.match(reasonOf(decode, Uint8Array.of(0x90)), /empty message/)
    t.match(reasonOf(decode, Uint8Array.of(0xc0)), /array is wanted/)
    t.match(reasonOf(decode, Uint8Array.of(0x91, 0x7f)), /does not carry/)
    t.match(reasonOf(decode, Uint8Array.of(0x91, 0xcc, 0x80)), /above 127/)
    t.match(reasonOf(decode, Uint8Array.of(0x80)), /not spoken/)
  }
})

t.test('a put inside a forward, and only that', async t => {
  const forward = fieldsOf(sampleMessages.forward)
  const inner = (fields: unknown) => reasonOf(decodePeerMessage, bytesBy(forward.with(4, fields)))
  t.equal(inner(fieldsOf(sampleMessages.put)), '')
  t.match(inner(fieldsOf(sampleMessages.get)), /does not carry/)
  t.match(inner(forward), /does not carry/)
})

t.test('a failure too long for its line is cut where it is written', async t => {
  const { failed } = sampleMessages
  const long = { ...failed, failure: { ...failed.failure, message: 'x'.repeat(5000) } }
  const back = decodeClientReply(encode(long))
  t.ok(!isMalformed(back) && back.type === 'failed' && back.failure.message.length === 1024)
})

t.test('200,000 mutated frames never throw, and what passes is a message', async t => {
  const frames = fc.sample(anyMessage, { numRuns: 200, seed: 7 }).map(encode)
  frames.push(...Object.values(sampleMessages).map(encode))
  let passed = 0
  let wrong = 0
  let count = 0
  const keys = Object.keys(Object.prototype).length
  for (const bytes of mutations(frames, 200_000, 11)) {
    for (const decode of decoders) {
      const message = decode(bytes)
      if (isMalformed(message)) {
        if (!/^[\x20-\x7e]{1,80}$/.test(message.malformed)) wrong++
        continue
      }
      passed++
      if (passed % 50 === 0) {
        const again = encode(message)
        if (scan(again) !== undefined || isMalformed(decode(again))) wrong++
      }
    }
    count++
  }
  t.equal(count, 200_000)
  t.equal(wrong, 0)
  t.ok(passed > 1000, `${passed} passed`)
  t.equal(Object.keys(Object.prototype).length, keys)
})
