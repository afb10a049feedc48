import { createHmac } from 'node:crypto'
import fc from 'fast-check'
import t from 'tap'
import { clientHash } from '../../src/client/hash.ts'
import { binaryOf, bytesOf, hexOf } from '../../src/core/binary.ts'
import { crc32OfBinary, hmac, partitionOf, tokenOf } from '../../src/core/hash.ts'
import type { Key, Token } from '../../src/core/ids.ts'
import { simHash } from '../../src/sim/hash.ts'
import { nodeHash } from '../helpers/hash.ts'

// FIPS 180-4 (the published examples), and bytes above 0x7f, which an implementation that
// hashes text instead of bytes gets wrong.
const sha256Vectors = [
  ['', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
  ['abc', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
  [
    'abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq',
    '248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1',
  ],
  ['a'.repeat(1_000_000), 'cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0'],
  ['\xff', 'a8100ae6aa1940d0b663bb31cd466142ebbdbd5187131b92d93818987832eb89'],
] as const

for (const [name, hash] of [
  ['node', nodeHash],
  ['client', clientHash],
  ['sim', simHash],
] as const) {
  t.test(`the port of the ${name} layer passes the vectors of SHA-256`, async t => {
    for (const [text, hex] of sha256Vectors) t.equal(hexOf(hash.sha256(text)), hex)
  })

  t.test(`the port of the ${name} layer passes the vectors of CRC-32`, async t => {
    t.equal(hash.crc32(bytesOf('')), 0)
    t.equal(hash.crc32(bytesOf('123456789')), 0xcbf43926)
    t.equal(hash.crc32(new Uint8Array(32)), 0x190a55ad)
    t.equal(hash.crc32(new Uint8Array(32).fill(255)), 0xff6cab0b)
    t.equal(hash.crc32(bytesOf('56789'), hash.crc32(bytesOf('1234'))), 0xcbf43926)
  })
}

t.test("the simulator's checksum, which takes four bytes at once, is that of nodes", async t => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), fc.nat(), (bytes, seed) => {
      t.equal(simHash.crc32(bytes, seed), nodeHash.crc32(bytes, seed))
    }),
  )
})

t.test('the checksum of a binary string is that of its bytes', async t => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), bytes => {
      t.equal(crc32OfBinary(binaryOf(bytes)), nodeHash.crc32(bytes))
    }),
  )
})

t.test('hmac is RFC 2104: equal to that of Node for every key of at most 64 bytes', async t => {
  const short = fc.uint8Array({ maxLength: 64 })
  fc.assert(
    fc.property(short, fc.uint8Array({ maxLength: 300 }), (key, message) => {
      const expected = createHmac('sha256', key).update(message).digest('hex')
      t.equal(hexOf(hmac(nodeHash, binaryOf(key), binaryOf(message))), expected)
    }),
  )
})

t.test('a token is the first 64 bits of the hash, a partition its top bits', async t => {
  const token = tokenOf(nodeHash, 'abc' as Key)
  t.equal(hexOf(token), 'ba7816bf8f01cfea')
  t.equal(partitionOf(token, 1), 0)
  t.equal(partitionOf(token, 256), 0xba)
  t.equal(partitionOf(token, 2048), 0xba78 >> 5)
  t.equal(partitionOf(token, 65536), 0xba78)
  t.equal(partitionOf('\xff'.repeat(8) as Token, 256), 255)
})
