import fc from 'fast-check'
import t from 'tap'
import {
  binaryOf,
  binaryOfHex,
  binaryOfUint48,
  bytesOf,
  hexOf,
  uint48Of,
} from '../../src/core/binary.ts'

t.test('bytes survive the way to a binary string and back', async t => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 10_000 }), bytes => {
      t.same(bytesOf(binaryOf(bytes)), bytes)
    }),
    { numRuns: 20 },
  )
})

t.test('order of binary strings is bytewise order', async t => {
  t.ok(binaryOf(Uint8Array.of(1, 255)) < binaryOf(Uint8Array.of(2)))
  t.ok(binaryOf(Uint8Array.of(127)) < binaryOf(Uint8Array.of(128)))
})

t.test('hexadecimal', async t => {
  t.equal(hexOf('\x00\xff'), '00ff')
  t.equal(binaryOfHex('00fF'), '\x00\xff')
  t.equal(binaryOfHex('0'), undefined)
  t.equal(binaryOfHex('zz'), undefined)
})

t.test('48-bit integers keep their order and value', async t => {
  const uint48 = fc.integer({ min: 0, max: 2 ** 48 - 1 })
  fc.assert(
    fc.property(uint48, uint48, (a, b) => {
      t.equal(uint48Of(binaryOfUint48(a)), a)
      t.equal(binaryOfUint48(a) < binaryOfUint48(b), a < b)
    }),
  )
})
