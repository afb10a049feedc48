/**
 * The hash port. Core needs one cryptographic hash and one checksum but may not import
 * `node:crypto`; the host hands both in. All implementations pass one set of vectors.
 */
import { bytesOf } from './binary.ts'
import type { Key, Partition, Token } from './ids.ts'

export type Hash = {
  /** SHA-256 of a binary string, as a binary string of 32 characters. */
  readonly sha256: (binary: string) => string
  /** CRC-32 (IEEE, as `zlib.crc32`) of bytes, continued from an earlier value. */
  readonly crc32: (bytes: Uint8Array, seed?: number) => number
}

/** The hash that `cluster.json` and the hello name. */
export const tokenHashName = 'sha256'

/** As `Hash.crc32`, by a table: for a few bytes that costs less than to hand them over. */
export function crc32OfBinary(binary: string): number {
  let crc = -1
  for (let at = 0; at < binary.length; at++) {
    crc = (crc >>> 8) ^ (crcTable[(crc ^ binary.charCodeAt(at)) & 255] as number)
  }
  return ~crc >>> 0
}

/** First 64 bits of the key's hash (design §2). */
export function tokenOf(hash: Hash, key: Key): Token {
  return hash.sha256(key).slice(0, 8) as Token
}

/** The token's top bits; `partitions` is a power of two up to 65,536. */
export function partitionOf(token: Token, partitions: number): Partition {
  const top = token.charCodeAt(0) * 256 + token.charCodeAt(1)
  return Math.floor((top * partitions) / 65536) as Partition
}

/** HMAC-SHA-256 (RFC 2104) of a binary string under a key of at most 64 bytes. */
export function hmac(hash: Hash, key: string, message: string): string {
  const padded = bytesOf(key.padEnd(64, '\0'))
  let inner = ''
  let outer = ''
  for (const byte of padded) {
    inner += String.fromCharCode(byte ^ 0x36)
    outer += String.fromCharCode(byte ^ 0x5c)
  }
  return hash.sha256(outer + hash.sha256(inner + message))
}

const crcTable = Int32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1
  return crc
})
