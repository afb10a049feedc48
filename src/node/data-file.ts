/**
 * What can be said about `data.mdb` before LMDB opens it: LMDB crashes on a file that is not
 * its own, and takes an empty one for new. Offsets are those of lmdb 3.5's meta pages (a page
 * header of 24 bytes, then magic, version, address, map size, two trees of 48 bytes, last page
 * number, transaction number), read off the files it writes.
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { errorCode } from './store-error.ts'

export type DataFile =
  | { readonly type: 'missing' }
  | { readonly type: 'damaged'; readonly fault: string }
  /** Looks like LMDB's. Short: pages that the newest meta page counts are not there. */
  | { readonly type: 'plausible'; readonly short: boolean }

export function examineDataFile(path: string): DataFile {
  let file: number
  try {
    file = openSync(path, 'r')
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return { type: 'missing' }
    throw error
  }
  try {
    const size = fstatSync(file).size
    if (size === 0) return { type: 'damaged', fault: 'is empty' }
    return examine(size, at => readMeta(file, at))
  } finally {
    closeSync(file)
  }
}

function examine(size: number, metaAt: (at: number) => Buffer | undefined): DataFile {
  const first = metaAt(0)
  if (first?.readUInt32LE(magicAt) !== magic) {
    return { type: 'damaged', fault: 'is not a data file of LMDB (first page)' }
  }
  const page = first.readUInt32LE(pageSizeAt)
  if (page < 4096 || page > 65_536 || size % 4096 !== 0 || size < 2 * page) {
    return { type: 'damaged', fault: `is cut off (${size} bytes)` }
  }
  const second = metaAt(page)
  if (second?.readUInt32LE(magicAt) !== magic) {
    return { type: 'damaged', fault: 'is not a data file of LMDB (second page)' }
  }
  const newer = transactionOf(first) >= transactionOf(second) ? first : second
  const pages = Number(newer.readBigUInt64LE(lastPageAt)) + 1
  return { type: 'plausible', short: pages * page > size }
}

function readMeta(file: number, at: number): Buffer | undefined {
  const meta = Buffer.alloc(metaBytes)
  return readSync(file, meta, 0, metaBytes, at) === metaBytes ? meta : undefined
}

function transactionOf(meta: Buffer): bigint {
  return meta.readBigUInt64LE(transactionAt)
}

const magic = 0xbeefc0de
const magicAt = 24
const pageSizeAt = 48
const lastPageAt = 144
const transactionAt = 152
const metaBytes = 160
