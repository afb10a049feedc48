/**
 * The hash port of the simulator: pure, so that it may live where no built-in module may. Worlds
 * hash the same short strings (keys, the ring's tokens) over and over: these are remembered.
 */
import { sha256 } from '@noble/hashes/sha2.js'
import { binaryOf, bytesOf } from '../core/binary.ts'
import type { Hash } from '../core/hash.ts'

export const simHash: Hash = {
  sha256: binary => (binary.length > rememberedLength ? sha256Of(binary) : remembered(binary)),
  crc32: (bytes, seed = 0) => {
    let crc = ~seed
    const ahead = bytes.length - (bytes.length % 4)
    let i = 0
    for (; i < ahead; i += 4) {
      crc ^= byte(bytes, i) | (byte(bytes, i + 1) << 8)
      crc ^= (byte(bytes, i + 2) << 16) | (byte(bytes, i + 3) << 24)
      crc =
        entry(crc & 255, 3) ^
        entry((crc >>> 8) & 255, 2) ^
        entry((crc >>> 16) & 255, 1) ^
        entry(crc >>> 24, 0)
    }
    for (; i < bytes.length; i++) crc = (crc >>> 8) ^ entry((crc ^ byte(bytes, i)) & 255, 0)
    return ~crc >>> 0
  },
}

function remembered(binary: string): string {
  const known = digests.get(binary)
  if (known !== undefined) return known
  if (digests.size >= rememberedMax) digests.clear()
  const digest = sha256Of(binary)
  digests.set(binary, digest)
  return digest
}

function sha256Of(binary: string): string {
  return binaryOf(sha256(bytesOf(binary)))
}

function byte(bytes: Uint8Array, at: number): number {
  return bytes[at] as number
}

/** What a byte does to the CRC once `behind` bytes of zeroes follow it. */
function entry(byte: number, behind: number): number {
  return crcTables[behind * 256 + byte] as number
}

const digests = new Map<string, string>()
const rememberedLength = 64
const rememberedMax = 10_000

/** Four tables of 256, one behind another: four bytes are taken at once. */
const crcTables = makeCrcTables()

function makeCrcTables(): Int32Array {
  const tables = new Int32Array(4 * 256)
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1
    tables[byte] = crc
  }
  for (let at = 256; at < tables.length; at++) {
    const before = tables[at - 256] as number
    tables[at] = (before >>> 8) ^ (tables[before & 255] as number)
  }
  return tables
}
