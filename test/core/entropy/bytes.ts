import fc from 'fast-check'
import t from 'tap'
import { ByteReader, ByteWriter } from '../../../src/core/entropy/bytes.ts'

t.test('numbers come back as they were', async () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(255), fc.nat(2 ** 32 - 1), fc.maxSafeNat())), all => {
      const writer = new ByteWriter()
      for (const [byte, word, any] of all) {
        writer.byte(byte)
        writer.uint32(word)
        writer.varint(any)
      }
      const reader = new ByteReader(writer.take())
      const back = all.map(() => [reader.byte(), reader.uint32(), reader.varint()])
      return reader.left === 0 && `${back}` === `${all}`
    }),
  )
})

t.test('what is small is short; past the end there is nothing', async t => {
  const writer = new ByteWriter()
  writer.varint(127)
  t.equal(writer.length, 1)
  writer.varint(128)
  t.equal(writer.length, 3)
  const reader = new ByteReader(Uint8Array.of(0x80))
  t.equal(reader.varint(), 0)
  t.equal(reader.byte(), 0)
  t.equal(new ByteReader(Uint8Array.of(1, 2)).uint32(), 0)
})
