/** Random bytes from the operating system, fetched a pool at a time: one call costs a slice. */
import { randomFillSync } from 'node:crypto'
import { binaryOf } from '../core/binary.ts'

const pool = Buffer.alloc(4096)
let used = pool.length

/** `count` random bytes, at most 4,096, as a binary string; never the same bytes twice. */
export function randomBinary(count: number): string {
  if (used + count > pool.length) {
    randomFillSync(pool)
    used = 0
  }
  used += count
  return binaryOf(pool, used - count, used)
}
