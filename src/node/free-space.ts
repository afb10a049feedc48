/**
 * How much may still be written? LMDB learns that a disk is full by failing (EIO, not ENOSPC),
 * which ends the process; so core refuses writes long before that (`core/room.ts`). Pages that
 * are free within the file are room, too: the file never shrinks, and deleting must make room.
 */
import { statfsSync } from 'node:fs'
import { type FileSpace, type SpaceLimits, spaceOf } from '../core/disk-space.ts'
import type { DiskSpace } from '../core/room.ts'

export type FreeSpaceOptions = SpaceLimits & {
  /** How the disk is asked. */
  readonly statfs?: (path: string) => DiskStat
}
/** The part of `fs.StatsFs` that is used. */
export type DiskStat = { readonly bsize: number; readonly blocks: number; readonly bavail: number }

/** Asks the disk of a directory. */
export function measureSpace(
  directory: string,
  file: FileSpace,
  options: FreeSpaceOptions,
): DiskSpace {
  const { blocks, bavail, bsize } = (options.statfs ?? statfsSync)(directory)
  return spaceOf({ total: blocks * bsize, free: bavail * bsize }, file, options)
}

/** Bytes that hints may take up, by a quota of a part of the disk (up to 1) or of bytes. */
export function hintBytesOf(quota: number, directory: string): number {
  if (quota > 1) return quota
  const disk = statfsSync(directory)
  return Math.floor(quota * disk.blocks * disk.bsize)
}
