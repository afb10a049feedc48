import fc from 'fast-check'
import t from 'tap'
import { FrameDecoder } from '../../src/wire/frame.ts'

function framed(...payloads: readonly Uint8Array[]): Uint8Array {
  const bytes: number[] = []
  for (const payload of payloads) {
    bytes.push(0, payload.length >> 16, (payload.length >> 8) & 255, payload.length & 255)
    bytes.push(...payload)
  }
  return Uint8Array.from(bytes)
}

/** What comes out where the stream is cut after each of the given lengths. */
function decoded(stream: Uint8Array, cuts: () => number): Uint8Array[] {
  const decoder = new FrameDecoder(1000)
  const out: Uint8Array[] = []
  for (let at = 0; at < stream.length; ) {
    const chunk = stream.slice(at, at + cuts())
    at += chunk.length
    const fault = decoder.push(chunk, (bytes, from, to) => out.push(bytes.slice(from, to)) > 0)
    t.equal(fault, undefined)
    chunk.fill(0xee)
  }
  t.equal(decoder.pendingBytes, 0)
  t.equal(decoder.frames, out.length)
  return out
}

const payloads = fc.array(fc.uint8Array({ minLength: 1, maxLength: 1000, size: 'max' }), {
  maxLength: 12,
})

t.test('frames come out whole, whatever way the stream is cut', async t => {
  fc.assert(
    fc.property(payloads, fc.infiniteStream(fc.integer({ min: 1, max: 700 })), (parts, cuts) => {
      const next = () => cuts.next().value
      t.same(decoded(framed(...parts), next), parts)
    }),
    { numRuns: 60 },
  )
})

t.test('frames come out whole, one byte at a time', async t => {
  fc.assert(
    fc.property(payloads, parts => {
      t.same(
        decoded(framed(...parts), () => 1),
        parts,
      )
    }),
    { numRuns: 10 },
  )
})

t.test('a frame within one chunk is a view of it', async t => {
  const chunk = framed(Uint8Array.of(1, 2), Uint8Array.of(3))
  const places: number[][] = []
  new FrameDecoder(10).push(chunk, (bytes, from, to) => {
    t.equal(bytes, chunk)
    return places.push([from, to]) > 0
  })
  t.same(places, [
    [4, 6],
    [10, 11],
  ])
})

t.test('a length of the limit passes, one past it is refused before any byte of it', async t => {
  const header = (size: number) => Uint8Array.of(size >>> 24, size >>> 16, size >>> 8, size)
  const never = () => {
    throw new Error('nothing to emit')
  }
  const fits = new FrameDecoder(16 * 2 ** 20)
  t.equal(fits.push(header(16 * 2 ** 20), never), undefined)
  t.equal(fits.pendingBytes, 4)
  const tooLong = new FrameDecoder(16 * 2 ** 20)
  t.match(tooLong.push(header(16 * 2 ** 20 + 1), never), /more than 16777216 bytes/)
  t.match(new FrameDecoder(9).push(header(2 ** 32 - 1), never), /more than 9 bytes/)
  t.match(new FrameDecoder(9).push(header(0), never), /empty/)
})

t.test('an announced length costs nothing until its bytes come', async t => {
  const before = process.memoryUsage().arrayBuffers
  const decoders = Array.from({ length: 200 }, () => {
    const decoder = new FrameDecoder(16 * 2 ** 20)
    decoder.push(Uint8Array.of(1, 0, 0, 0, 7), () => true)
    return decoder
  })
  t.ok(process.memoryUsage().arrayBuffers - before < 2 ** 20)
  t.equal(decoders[0]!.pendingSize, 2 ** 24)
  t.equal(decoders[0]!.pendingBytes, 5)
})

t.test('emit can stop the stream', async t => {
  let count = 0
  const decoder = new FrameDecoder(10)
  decoder.push(framed(Uint8Array.of(1), Uint8Array.of(2)), () => ++count < 1)
  t.equal(count, 1)
})
