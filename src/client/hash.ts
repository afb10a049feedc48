/**
 * The hash port (`core/hash.ts`) on Node's own crypto and zlib. `node/hash.ts` says the same
 * ten lines: client may not import node, and the layers below both may not import Node.
 */
import { hash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import type { Hash } from '../core/hash.ts'

export const clientHash: Hash = {
  sha256: binary => hash('sha256', Buffer.from(binary, 'latin1'), 'binary'),
  crc32: (bytes, seed = 0) => crc32(bytes, seed),
}
