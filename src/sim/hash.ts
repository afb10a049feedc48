/** The hash port of the simulator: pure, so that it may live where no built-in module may. */
import { sha256 } from '@noble/hashes/sha2.js'
import { binaryOf, bytesOf } from '../core/binary.ts'
import type { Hash } from '../core/hash.ts'

export const simHash: Hash = {
  sha256: binary => binaryOf(sha256(bytesOf(binary))),
  crc32: (bytes, seed = 0) => {
    let crc = ~seed
    for (let i = 0; i < bytes.length; i++) {
      crc = (crc >>> 8) ^ (crcTable[(crc ^ (bytes[i] as number)) & 255] as number)
    }
    return ~crc >>> 0
  },
}

const crcTable = Int32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1
  return crc
})
