/**
 * When is the disk full? LMDB learns it by failing (EIO, not ENOSPC), which ends the process;
 * so client writes are refused definitely before that, and what is left is the reserve from
 * which deletes and repair, which need pages too, go on.
 */
import { statfsSync } from 'node:fs'

export type FreeSpaceOptions = {
  /** Free bytes below which puts are refused; default 10 % of the disk or 1 GiB, the smaller. */
  readonly watermarkBytes?: number
  /** A quota on the pages in use; puts are refused from 90 % of it. */
  readonly maxStoreBytes?: number
  /** How the disk is asked. */
  readonly statfs?: (path: string) => DiskStat
}
/** The part of `fs.StatsFs` that is used. */
export type DiskStat = { readonly bsize: number; readonly blocks: number; readonly bavail: number }

export type Space = {
  readonly full: boolean
  /** Bytes that this user may still write to the disk. */
  readonly freeBytes: number
  /** Bytes of the pages in use; the file is larger and never shrinks. */
  readonly bytes: number
}

/** Asks the disk of a directory; `wasFull` keeps the answer from flapping at the mark. */
export function measureSpace(
  directory: string,
  bytes: number,
  options: FreeSpaceOptions,
  wasFull: boolean,
): Space {
  const disk = (options.statfs ?? statfsSync)(directory)
  const freeBytes = disk.bavail * disk.bsize
  const tenth = (disk.blocks * disk.bsize) / 10
  const watermark = options.watermarkBytes ?? Math.min(tenth, GIB)
  const quota = 0.9 * (options.maxStoreBytes ?? Number.POSITIVE_INFINITY)
  const slack = wasFull ? 1.05 : 1
  const full = freeBytes < watermark * slack || bytes * slack >= quota
  return { full, freeBytes, bytes }
}

/** Bytes that hints may take up, by a quota of a part of the disk (up to 1) or of bytes. */
export function hintBytesOf(quota: number, directory: string): number {
  if (quota > 1) return quota
  const disk = statfsSync(directory)
  return Math.floor(quota * disk.blocks * disk.bsize)
}

const GIB = 2 ** 30
