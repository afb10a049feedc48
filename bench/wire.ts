/**
 * The wire alone: nanoseconds to write and to read a put, a copy, an ack, a get and a reply, each
 * beside msgpackr doing the same work without a check; then a million damaged frames through
 * every decoder, with the heap before and after. Run: node --expose-gc build/bench/wire.js
 */
import { Packr, Unpackr } from 'msgpackr'
import { bytesOf } from '../src/core/binary.ts'
import { keyOf } from '../src/core/ids.ts'
import {
  decodeClientReply,
  decodeClientRequest,
  decodePeerMessage,
  encode,
  isPeerMessage,
  writeMessage,
} from '../src/wire/message-codec.ts'
import { Writer } from '../src/wire/pack.ts'
import { isMalformed } from '../src/wire/read.ts'
import { scan } from '../src/wire/scan.ts'
import { type AnyMessage, tags } from '../src/wire/tags.ts'
import { sampleMessages } from '../test/fixtures/sample-messages.ts'
import { mutations } from '../test/helpers/mutations.ts'

const perTurn = 64
const sliceMs = 60
const slices = 9

const key = keyOf('user:0123456789:profile:abcdef')!
const value = new Uint8Array(100).fill(7)
const context = new Uint8Array(40).fill(9)
const { put, store, stored, get, got, wrote } = sampleMessages
const subjects: readonly AnyMessage[] = [
  { ...put, key, value, context, again: false },
  { ...store, key, object: new Uint8Array(190).fill(3) },
  stored,
  { ...get, key },
  { ...got, versions: [{ ...got.versions[0]!, value }], context },
  { ...wrote, context },
]

/** Nanoseconds of processor time a call, in the best slice: neighbours only ever add. */
function nanoseconds(work: () => void): number {
  const times: number[] = []
  for (let slice = 0; slice <= slices; slice++) {
    const begin = process.cpuUsage()
    let calls = 0
    let spentUs = 0
    while (spentUs < sliceMs * 1000) {
      for (let i = 0; i < 512; i++) work()
      calls += 512
      const { user, system } = process.cpuUsage(begin)
      spentUs = user + system
    }
    if (slice > 0) times.push((spentUs * 1000) / calls)
  }
  return Math.min(...times)
}

function decodeFor(message: AnyMessage) {
  if (isPeerMessage(message)) return decodePeerMessage
  return tags[message.type] < tags.got ? decodeClientRequest : decodeClientReply
}

function benchCodec(): void {
  const options = { useRecords: false, moreTypes: false, copyBuffers: true } as const
  const packr = new Packr(options)
  const unpackr = new Unpackr({ ...options, int64AsType: 'bigint' })
  for (const message of subjects) {
    const writer = new Writer()
    const writing = nanoseconds(() => {
      for (let i = 0; i < perTurn; i++) {
        const begin = writer.beginFrame()
        writeMessage(writer, message)
        writer.endFrame(begin)
      }
      writer.take()
    })
    const bytes = encode(message)
    const decode = decodeFor(message)
    const reading = nanoseconds(() => void decode(bytes))
    const scanning = nanoseconds(() => void scan(bytes))
    const fields = unpackr.unpack(bytes)
    const packing = nanoseconds(() => void packr.pack(fields))
    const unpacking = nanoseconds(() => void (scan(bytes) ?? unpackr.unpack(bytes)))
    const row = [bytes.length, writing / perTurn, reading, scanning, packing, unpacking]
    console.log(message.type.padEnd(8), ...row.map(n => n.toFixed(0).padStart(9)))
  }
}

function benchDamage(count: number): void {
  const frames = Object.values(sampleMessages).map(encode)
  const decoders = [decodePeerMessage, decodeClientRequest, decodeClientReply]
  const heap = () => {
    globalThis.gc?.()
    return process.memoryUsage().heapUsed / 2 ** 20
  }
  const before = heap()
  let accepted = 0
  for (const bytes of mutations(frames, count, 3)) {
    for (const decode of decoders) if (!isMalformed(decode(bytes))) accepted++
  }
  const grown = heap() - before
  console.log(
    `${count} damaged frames: ${accepted} are messages, heap ${grown.toFixed(1)} MiB more`,
  )
}

console.log(
  'message ',
  ...['bytes', 'write', 'read', 'scan', 'pack', 'scan+unp.'].map(h => h.padStart(9)),
)
benchCodec()
benchDamage(1_000_000)
console.log(bytesOf(key).length, 'bytes of key, 100 of value; msgpackr columns build no message')
