/**
 * The end of a machine's disk: so many bytes, of which the data file has some and whatever else
 * is on the same disk others. Both are given; a world without it has a disk without an end.
 */
import type { DiskBytes, FileSpace } from '../core/disk-space.ts'
import type { Row, RowKey } from '../core/step.ts'
import { commit, noPages, type Pages, pageBytes, usedAndFree } from './data-file.ts'
import type { Draw } from './draw.ts'
import type { Options } from './options.ts'

export class Volume {
  readonly bytes: number
  /** Bytes that others have on it. */
  others: number
  #pages: Pages = noPages

  constructor(bytes: number, others: number) {
    this.bytes = bytes
    this.others = others
  }

  get disk(): DiskBytes {
    return { total: this.bytes, free: Math.max(0, this.bytes - this.others - this.#fileBytes) }
  }

  get file(): FileSpace {
    return usedAndFree(this.#pages)
  }

  /** The data file as it is now; another directory is put in its place. */
  get pages(): Pages {
    return this.#pages
  }

  set pages(pages: Pages) {
    this.#pages = pages
  }

  /** One transaction; false: the disk has no room for it, and nothing is changed. */
  write(rows: readonly Row[]): boolean {
    // Each transaction counts itself, in a row of the store's own.
    const pages = commit(this.#pages, [...rows, ownRow])
    const grows = (pages.end - this.#pages.end) * pageBytes
    if (grows > 0 && grows > this.disk.free) return false
    this.#pages = pages
    return true
  }

  get #fileBytes(): number {
    return this.#pages.end * pageBytes
  }
}

/** Of a machine's disk in this world; undefined: it has no end. */
export function volumeOf({ disks }: Pick<Options, 'disks'>, draw: Draw): Volume | undefined {
  if (disks === undefined) return undefined
  const bytes = draw.between(6, 16) * MIB
  const room = draw.between(384, disks.roomMax / KIB) * KIB
  const others = draw.permille(disks.smallShare) ? bytes - bytes / 10 - room : 0
  return new Volume(bytes, others)
}

const KIB = 1024
const MIB = 1024 * KIB
const ownRow: Row = { key: '\0commits' as RowKey, value: new Uint8Array(8) }
