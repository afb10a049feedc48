/**
 * How much may still be written? LMDB learns that a disk is full by failing (EIO, not ENOSPC),
 * which ends the process; so core refuses writes long before that (`core/room.ts`). Pages that
 * are free within the file are room, too: the file never shrinks, and deleting must make room.
 */
import { statfsSync } from 'node:fs'
import type { DiskSpace } from '../core/room.ts'

export type FreeSpaceOptions = {
  /** Room below which puts are refused; default 10 % of the disk or 1 GiB, the smaller. */
  readonly watermarkBytes?: number
  /** A quota on the pages in use; puts are refused from 90 % of it. */
  readonly maxStoreBytes?: number
  /** How the disk is asked. */
  readonly statfs?: (path: string) => DiskStat
}
/** The part of `fs.StatsFs` that is used. */
export type DiskStat = { readonly bsize: number; readonly blocks: number; readonly bavail: number }

/** Bytes of the data file: of pages in use, and of those that are free within it. */
export type FileSpace = { readonly used: number; readonly free: number }

/** Asks the disk of a directory. */
export function measureSpace(
  directory: string,
  file: FileSpace,
  options: FreeSpaceOptions,
): DiskSpace {
  const disk = (options.statfs ?? statfsSync)(directory)
  const fresh = disk.bavail * disk.bsize
  const tenth = (disk.blocks * disk.bsize) / 10
  const reserve = options.watermarkBytes ?? Math.min(tenth, GIB)
  const quota = 0.9 * (options.maxStoreBytes ?? Number.POSITIVE_INFINITY)
  const room = Math.max(0, Math.min(fresh + file.free, quota - file.used + reserve))
  const inside = Math.min(file.free, room)
  return { fresh: room - inside, inside, reserve }
}

/** Bytes that hints may take up, by a quota of a part of the disk (up to 1) or of bytes. */
export function hintBytesOf(quota: number, directory: string): number {
  if (quota > 1) return quota
  const disk = statfsSync(directory)
  return Math.floor(quota * disk.blocks * disk.bsize)
}

const GIB = 2 ** 30
