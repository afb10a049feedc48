/**
 * Did this fail for want of room? LMDB says "Input/output error" for a write that the disk did
 * not take, and so does a disk that is broken; then the free space tells which of the two it is.
 */
import { statfsSync } from 'node:fs'
import type { DiskStat } from './free-space.ts'
import { errorCode } from './store-error.ts'

/** `directory`: on the disk that is meant. */
export function isNoRoom(
  error: unknown,
  directory: string,
  statfs: (path: string) => DiskStat = statfsSync,
): boolean {
  const code = errorCode(error)
  if (noRoomCodes.has(code)) return true
  if (!anyFaultCodes.has(code)) return false
  try {
    const { bavail, bsize } = statfs(directory)
    return bavail * bsize < roomMin
  } catch {
    return false
  }
}

/** The system's, as a name or as LMDB passes them on, and LMDB's "the map is full". */
export const noRoomCodes: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT', '28', '122', '-30792'])
const anyFaultCodes: ReadonlySet<string> = new Set(['EIO', '5'])
/** No commit is larger, or core would not have taken what is in it. */
const roomMin = 64 * 1024 * 1024
