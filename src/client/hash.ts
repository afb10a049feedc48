/**
 * The hash port (`core/hash.ts`) on Node's own crypto and zlib. `node/hash.ts` says the same
 * ten lines: client may not import node, and the layers below both may not import Node.
 */
import { hash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import type { Hash } from '../core/hash.ts'

export const clientHash: Hash = {
  sha256: binary => hash('sha256', latin1(binary), 'binary'),
  crc32: (bytes, seed = 0) => crc32(bytes, seed),
}

/** Bytes that are valid until the next call: what is hashed is short, and hashed at once. */
function latin1(binary: string): Uint8Array {
  const { length } = binary
  if (length >= views.length) return Buffer.from(binary, 'latin1')
  scratch.write(binary, 'latin1')
  views[length] ??= scratch.subarray(0, length)
  return views[length]
}

const scratch = Buffer.alloc(512)
/** A view for each length, so that a hash costs no allocation. */
const views: (Uint8Array | undefined)[] = Array.from({ length: 512 }, () => undefined)
