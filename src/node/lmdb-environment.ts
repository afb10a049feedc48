/**
 * LMDB as this project opens it, in the node and in the check of a doubtful file alike. The
 * option that matters is `overlappingSync: false`: a write is visible only when it is durable.
 */
import { open, type RootDatabase } from 'lmdb'
import type { FileSpace } from '../core/disk-space.ts'

/** Options of lmdb's native part that its types do not have. */
export type FreePagesKept = {
  readonly maxFreeSpaceToLoad: number
  readonly maxFreeSpaceToRetain: number
}
/** durable: answered after `fdatasync`. committed: no sync, answered at commit. */
export type Durability = 'durable' | 'committed'
export type Environment = RootDatabase<Uint8Array, Uint8Array>

/** The store's own rows stand under key space 0, which no row of core may use. */
export const ownSpace = '\0'
export const identityKey = '\0identity'
export const commitsKey = '\0commits'
/** How many rows are the store's own. */
export const ownRows = 2
/** LMDB's bound for pages of 4,096 bytes. */
export const rowKeyBytesMax = 1978

/**
 * How many pages that are free within the file LMDB keeps in memory, and looks through for each
 * page that it writes. lmdb-js has 50,000 and 75,000 unless told otherwise: then one commit of
 * 32,768 rows makes each commit after it cost 100 ms of CPU for as long as the store is open.
 */
const freePages: FreePagesKept = { maxFreeSpaceToLoad: 1000, maxFreeSpaceToRetain: 2000 }

/** `freePagesKept`: other than the default only where a bench compares. */
export function openEnvironment(
  directory: string,
  durability: Durability,
  freePagesKept = freePages,
): Environment {
  return open<Uint8Array, Uint8Array>(directory, {
    noSubdir: false,
    overlappingSync: false,
    encoding: 'binary',
    keyEncoding: 'binary',
    maxDbs: 8,
    ...freePagesKept,
    ...(durability === 'committed' ? { noSync: true } : {}),
  })
}

/** As the check of a doubtful file opens it: nothing is written. */
export function openForReading(directory: string): Environment {
  return open<Uint8Array, Uint8Array>(directory, {
    noSubdir: false,
    encoding: 'binary',
    keyEncoding: 'binary',
    maxDbs: 8,
    readOnly: true,
  })
}

/** A row key's bytes, valid until the next call: LMDB copies them before it returns. */
export function keyBytes(key: string): Uint8Array {
  const length = key.length
  for (let at = 0; at < length; at++) scratch[at] = key.charCodeAt(at)
  let view = views[length]
  if (view === undefined) {
    view = scratch.subarray(0, length)
    views[length] = view
  }
  return view
}

/** What LMDB counts of itself, without a scan. */
export type Stats = {
  readonly entryCount: number
  readonly pageSize: number
  readonly treeBranchPageCount: number
  readonly treeLeafPageCount: number
  readonly overflowPages: number
}
type AllStats = Stats & { readonly lastPageNumber: number; readonly free: Stats }

export function readStats(environment: Environment): Stats {
  // lmdb's types say `{}`; the shape is the one of 3.5.
  return environment.getStats() as Stats
}

/** What the pages of the file are for: rows, the list of what is free, or nothing. */
export function readFileSpace(environment: Environment): FileSpace {
  const stats = environment.getStats() as AllStats
  const used = pagesOf(stats)
  const pages = stats.lastPageNumber + 1 - metaPages
  const free = Math.max(0, pages - used - pagesOf(stats.free))
  return { used: used * stats.pageSize, free: free * stats.pageSize }
}

function pagesOf(stats: Stats): number {
  return stats.treeBranchPageCount + stats.treeLeafPageCount + stats.overflowPages
}

const metaPages = 2

/** The durable commit number as 8 big-endian bytes. */
export function encodeCommits(commits: number): Uint8Array {
  const bytes = new Uint8Array(8)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(commits))
  return bytes
}

export function decodeCommits(bytes: Uint8Array): number | undefined {
  if (bytes.length !== 8) return undefined
  return Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0))
}

const scratch = new Uint8Array(rowKeyBytesMax)
/** A view for each length, so that a key costs no allocation. */
const views: Uint8Array[] = []
