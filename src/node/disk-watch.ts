/** What the node looks at on its disk now and then: how many keys there are, and how much room. */
import type { Replica } from '../core/replica.ts'
import type { Input } from '../core/step.ts'
import type { OpenedStore } from './lmdb-store.ts'
import type { Log } from './log.ts'

export type DiskWatchHost = {
  readonly replica: Replica
  readonly store: OpenedStore
  readonly log: Log
  readonly step: (input: Input) => void
}

export class DiskWatch {
  readonly #host: DiskWatchHost
  #full = false
  #keys = 0

  constructor(host: DiskWatchHost) {
    this.#host = host
  }

  /** Rows of objects; those of members are written with the first turn. */
  get keyCount(): number {
    const { store, replica } = this.#host
    return Math.max(0, store.count() - replica.observe().rowsAside)
  }

  look(): void {
    const { store, replica, log, step } = this.#host
    const count = this.keyCount
    if (count !== this.#keys) step({ type: 'keys', count })
    this.#keys = count
    const space = store.space()
    step({ type: 'disk', space })
    const { full } = replica.observe()
    if (full === this.#full) return
    this.#full = full
    log.warn(full ? 'disk-full' : 'disk-has-room', space)
  }
}
