/**
 * From what a host sees of a disk to what it still takes: the reserve, a quota on the store, and
 * which of the free pages within the data file the next commit may have. `room.ts` decides by it.
 */
import type { DiskSpace } from './room.ts'

/** Of the whole disk, in bytes; `free`: what this process may have of it. */
export type DiskBytes = { readonly total: number; readonly free: number }
/** Bytes of the data file: of pages in use, and of those that are free within it. */
export type FileSpace = { readonly used: number; readonly free: number }
export type SpaceLimits = {
  /** Room below which puts are refused; default 10 % of the disk or 1 GiB, the smaller. */
  readonly watermarkBytes?: number
  /** A quota on the pages in use; puts are refused from 90 % of it. */
  readonly maxStoreBytes?: number
}

export function spaceOf(disk: DiskBytes, file: FileSpace, limits: SpaceLimits = {}): DiskSpace {
  const reserve = limits.watermarkBytes ?? Math.min(disk.total / 10, GIB)
  const quota = 0.9 * (limits.maxStoreBytes ?? Number.POSITIVE_INFINITY)
  const room = Math.max(0, Math.min(disk.free + file.free, quota - file.used + reserve))
  const inside = Math.min(file.free, room)
  return { fresh: room - inside, inside, reserve }
}

/** Free bytes within the file, and what was written until then: durable commits, and their cost. */
type Look = { readonly inside: number; readonly commits: number; readonly cost: number }

/**
 * What a commit lets go of, the next one may not have yet: the file as it was before has to stay.
 * So of the pages that are free those count that were free before the last commit, less what it
 * and others since may have taken of them.
 */
export class UsablePages {
  #last: Look | undefined
  /** The last look that a commit came after. */
  #before: Look | undefined

  /** The host looked: bytes within the file that the next commit may have. */
  look(now: Look): number {
    if (this.#last !== undefined && now.commits > this.#last.commits) this.#before = this.#last
    this.#last = now
    const { inside, cost } = this.#before ?? now
    return Math.max(0, Math.min(now.inside, inside - (now.cost - cost)))
  }
}

const GIB = 2 ** 30
