import fc from 'fast-check'
import { Packr } from 'msgpackr'
import t from 'tap'
import { scan } from '../../src/wire/scan.ts'

const of = (...bytes: readonly number[]) => scan(Uint8Array.from(bytes))
const nested = (depth: number) => [...Array.from({ length: depth }, () => 0x91), 0xc0]
const passes = undefined

t.test('scalars, binary and arrays pass', async t => {
  t.equal(of(0x00), passes)
  t.equal(of(0xff), passes)
  t.equal(of(0xc0), passes)
  t.equal(of(0x93, 0xc2, 0xc3, 0xc0), passes)
  t.equal(of(0xca, 1, 2, 3, 4), passes)
  t.equal(of(0xcb, 1, 2, 3, 4, 5, 6, 7, 8), passes)
  for (const [head, width] of [
    [0xcc, 1],
    [0xcd, 2],
    [0xce, 4],
    [0xcf, 8],
    [0xd0, 1],
    [0xd1, 2],
    [0xd2, 4],
    [0xd3, 8],
  ] as const) {
    const bytes = Uint8Array.of(head, ...Array.from({ length: width }, () => 0xff))
    t.equal(scan(bytes), passes)
    t.match(scan(bytes.subarray(0, width)), /ends within/)
  }
  t.equal(of(0xa2, 0x41, 0x7f), passes)
  t.equal(of(0xc4, 1, 0xff), passes)
  t.equal(of(0xc5, 0, 1, 0xff), passes)
  t.equal(of(0xc6, 0, 0, 0, 1, 0xff), passes)
  t.equal(of(0xd9, 1, 0x41), passes)
  t.equal(of(0xda, 0, 1, 0x41), passes)
  t.equal(of(0xdb, 0, 0, 0, 1, 0x41), passes)
  t.equal(of(0xdc, 0, 1, 0x01), passes)
  t.equal(of(0xdd, 0, 0, 0, 1, 0x01), passes)
})

t.test('only the given part of the bytes is looked at', async t => {
  t.equal(scan(Uint8Array.of(0xc1, 0x91, 0x05, 0xc1), 1, 3), passes)
  t.match(scan(Uint8Array.of(0xc4, 2, 1, 1), 0, 3), /past the end/)
})

t.test('maps, extensions and 0xc1 are refused', async t => {
  const kinds = [0xc1, 0xc7, 0xc8, 0xc9, 0xd4, 0xd5, 0xd6, 0xd7, 0xd8, 0xde, 0xdf]
  for (let head = 0x80; head < 0x90; head++) kinds.push(head)
  for (const head of kinds) {
    t.match(of(head, 0, 0, 0, 0, 0, 0, 0, 0, 0), /not spoken/, `${head}`)
    t.match(of(0x91, head, 0, 0, 0, 0, 0, 0, 0, 0), /not spoken/, `${head} inside`)
  }
})

t.test('what msgpackr makes of sets, errors, dates and records is refused', async t => {
  const packr = new Packr({ moreTypes: true, structuredClone: true })
  const shared: unknown[] = []
  shared.push(shared)
  const values = [new Set([1]), /x/, new Error('x'), new Date(), { a: 1 }, new Map(), 2n ** 70n]
  for (const value of [...values, shared]) t.ok(scan(packr.pack([value])))
})

t.test('depth 8 passes, 9 is refused', async t => {
  t.equal(of(...nested(8)), passes)
  t.match(of(...nested(9)), /deeper than 8/)
  t.match(scan(new Uint8Array(1_000_000).fill(0x91)), /deeper than 8/)
})

t.test('65,536 items pass, one more is refused', async t => {
  const array = (count: number) => {
    const bytes = new Uint8Array(5 + count)
    bytes.set([0xdd, count >>> 24, count >>> 16, count >>> 8, count])
    return bytes
  }
  t.equal(scan(array(65_535)), passes)
  t.match(scan(array(65_536)), /more than 65536 items/)
  t.match(scan(array(1_000_000)), /more than 65536 items/)
})

t.test('a million empty maps, arrays or nils cost nothing', async t => {
  t.match(scan(new Uint8Array(2 ** 20).fill(0x80)), /not spoken/)
  t.match(scan(new Uint8Array(2 ** 20).fill(0x90)), /behind the message/)
  t.match(scan(new Uint8Array(2 ** 20).fill(0xc0)), /behind the message/)
})

t.test('lengths are held against the bytes that are left', async t => {
  for (const head of [0xc6, 0xdb, 0xdd]) t.match(of(head, 255, 255, 255, 255), /past the end/)
  for (const head of [0xc5, 0xda, 0xdc]) t.match(of(head, 255, 255), /past the end/)
  for (const head of [0xc4, 0xd9]) t.match(of(head, 1), /past the end/)
  for (const head of [0xc4, 0xc5, 0xc6, 0xd9, 0xda, 0xdb, 0xdc, 0xdd]) {
    t.match(of(head), /ends within/)
  }
  t.match(of(0x92, 0x01), /past the end/)
  t.match(of(0xa2, 0x41), /past the end/)
})

t.test('nothing, half a message, and more than a message are refused', async t => {
  t.match(of(), /ends within/)
  t.match(of(0x92, 0xcc, 1), /ends within/)
  t.match(of(0x91, 0x01, 0x02), /behind the message/)
})

t.test('text is ASCII', async t => {
  t.match(of(0xa1, 0x80), /not ASCII/)
  t.match(of(0xa2, 0xc3, 0xa9), /not ASCII/)
  t.match(of(0xd9, 1, 0xff), /not ASCII/)
  t.match(of(0x92, 0xa1, 0xc0, 0x05), /not ASCII/)
  t.match(of(0xa3, 0xed, 0xa0, 0x80), /not ASCII/)
})

t.test('random bytes never throw', async t => {
  const judge = (bytes: Uint8Array) => {
    const fault = scan(bytes)
    return fault === undefined || fault.length > 0
  }
  const bytes = fc.uint8Array({ maxLength: 64 })
  t.doesNotThrow(() => fc.assert(fc.property(bytes, judge), { numRuns: 20_000 }))
})
