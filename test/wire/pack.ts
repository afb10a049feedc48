import fc from 'fast-check'
import { Unpackr } from 'msgpackr'
import t from 'tap'
import { binaryOf } from '../../src/core/binary.ts'
import { Writer } from '../../src/wire/pack.ts'
import { scan } from '../../src/wire/scan.ts'

type Value = number | boolean | undefined | Uint8Array | string | readonly Value[]

/** The oracle: another hand's msgpack. 64-bit integers come as bigint, so that none is rounded. */
const unpackr = new Unpackr({
  useRecords: false,
  mapsAsObjects: true,
  moreTypes: false,
  structuredClone: false,
  int64AsType: 'bigint',
  copyBuffers: true,
})

function write(writer: Writer, value: Value): void {
  if (typeof value === 'number') writer.uint(value)
  else if (typeof value === 'boolean') writer.boolean(value)
  else if (typeof value === 'string') writer.text(value)
  else if (value === undefined) writer.nil()
  else if (value instanceof Uint8Array) {
    if (value.length % 2 === 0) writer.bytes(value)
    else writer.binary(binaryOf(value))
  } else {
    writer.array(value.length)
    for (const item of value) write(writer, item)
  }
}

function packed(value: Value): Uint8Array {
  const writer = new Writer()
  write(writer, value)
  return writer.take()
}

/** As msgpackr hands it over, in our terms. */
function plain(value: unknown): Value {
  if (value === null) return undefined
  if (typeof value === 'bigint') return Number(value)
  if (value instanceof Uint8Array) return Uint8Array.from(value)
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value === 'string' || typeof value === 'boolean' || typeof value === 'number') {
    return value
  }
  throw new Error(`no value of ours: ${typeof value}`)
}

const edges = [0, 127, 128, 255, 256, 65_535, 65_536, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1]
const leaf: fc.Arbitrary<Value> = fc.oneof(
  fc.constantFrom(...edges),
  fc.maxSafeNat(),
  fc.boolean(),
  fc.constant(undefined),
  fc.uint8Array({ maxLength: 400, size: 'max' }),
  fc.string({ unit: fc.integer({ min: 0x20, max: 0x7e }).map(c => String.fromCharCode(c)) }),
)
const value = fc.array(fc.oneof(leaf, fc.array(fc.oneof(leaf, fc.array(leaf)))))

t.test('msgpackr reads what is written', async t => {
  fc.assert(
    fc.property(value, value => {
      const bytes = packed(value)
      t.equal(scan(bytes), undefined)
      t.same(plain(unpackr.unpack(bytes)), value)
    }),
    { numRuns: 300 },
  )
})

t.test('long arrays, bytes and texts', async t => {
  for (const length of [15, 16, 31, 32, 255, 256, 65_535, 65_536]) {
    const items = Array.from({ length }, (_, i) => i & 63)
    t.same(plain(unpackr.unpack(packed(items))), items)
    const bytes = Uint8Array.from({ length }, (_, i) => i)
    t.same(plain(unpackr.unpack(packed([bytes]))), [bytes])
    const text = 'x'.repeat(length)
    t.same(plain(unpackr.unpack(packed([text]))), [text])
  }
})

t.test('an integer is never a float', async t => {
  for (const edge of edges) {
    const head = packed(edge)[0]!
    t.ok(head < 0x80 || (head >= 0xcc && head <= 0xcf), `${edge}`)
    t.equal(Number(unpackr.unpack(packed(edge))), edge)
  }
  t.same([...packed(2 ** 48 - 1)], [0xcf, 0, 0, 255, 255, 255, 255, 255, 255])
})

t.test('a number that is none of ours is a broken invariant', async t => {
  for (const bad of [-1, 0.5, Number.NaN, 2 ** 53, Number.POSITIVE_INFINITY]) {
    t.throws(() => packed(bad), /broken invariant/)
  }
})

t.test('milliseconds lose their fraction, and less than none is none', async t => {
  const writer = new Writer()
  for (const ms of [1.9, 0, -3, 250]) writer.milliseconds(ms)
  t.same([...writer.take()], [1, 0, 0, 0xcc, 250])
})

t.test('text that is not printable ASCII leaves as question marks', async t => {
  t.equal(unpackr.unpack(packed('a\u00e9\x1b\u{1f600}z')), 'a????z')
})

t.test('what was taken is never written again', async t => {
  const writer = new Writer()
  const taken: { readonly bytes: Uint8Array; readonly copy: Uint8Array }[] = []
  for (let turn = 0; turn < 300; turn++) {
    for (let i = 0; i <= turn % 7; i++) writer.bytes(new Uint8Array(turn * 5).fill(turn))
    const bytes = writer.take()
    t.equal(writer.length, 0)
    taken.push({ bytes, copy: bytes.slice() })
  }
  for (const { bytes, copy } of taken) t.same(bytes, copy)
})

t.test('frames carry their length, and one can be taken back', async t => {
  const writer = new Writer()
  const first = writer.beginFrame()
  writer.text('ab')
  t.equal(writer.endFrame(first), 3)
  const before = writer.length
  const second = writer.beginFrame()
  writer.bytes(new Uint8Array(100_000))
  t.equal(writer.endFrame(second), 100_005)
  writer.cut(before)
  t.same([...writer.take()], [0, 0, 0, 3, 0xa2, 0x61, 0x62])
})

t.test('one large message does not keep its memory', async t => {
  const writer = new Writer()
  writer.bytes(new Uint8Array(2 ** 20))
  const large = writer.take()
  writer.uint(1)
  const small = writer.take()
  t.not(small.buffer, large.buffer)
  t.ok(small.buffer.byteLength <= 65_536)
})
