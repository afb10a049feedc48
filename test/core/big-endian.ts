import { equal } from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import {
  readUint8,
  readUint16,
  readUint32,
  readUint48,
  writeUint8,
  writeUint16,
  writeUint32,
  writeUint48,
} from '../../src/core/big-endian.ts'

t.test('integers survive the way to bytes and back, as a DataView reads them', async () => {
  const widths = [
    [1, writeUint8, readUint8],
    [2, writeUint16, readUint16],
    [4, writeUint32, readUint32],
    [6, writeUint48, readUint48],
  ] as const
  for (const [width, write, read] of widths) {
    const values = fc.oneof(
      fc.integer({ min: 0, max: 2 ** (8 * width) - 1 }),
      fc.constantFrom(0, 2 ** (8 * width) - 1, 2 ** (8 * width - 1)),
    )
    fc.assert(
      fc.property(values, value => {
        const bytes = new Uint8Array(9)
        equal(write(bytes, 2, value), 2 + width)
        equal(read(bytes, 2), value)
        const word = new DataView(bytes.buffer).getBigUint64(0)
        equal(word, BigInt(value) << BigInt(8 * (6 - width)))
      }),
    )
  }
})
