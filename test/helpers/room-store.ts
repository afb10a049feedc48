/** A store that takes what `Room` lets it, on a simulated disk with an end. */
import { spaceOf } from '../../src/core/disk-space.ts'
import { costOf, longCostOf, type Purpose, Room } from '../../src/core/room.ts'
import type { Row, RowKey } from '../../src/core/step.ts'
import { Volume } from '../../src/sim/volume.ts'

export const MIB = 2 ** 20

export function rowOf(name: number, bytes: number | undefined): Row {
  const key = `\x10${String(name * 7919).padStart(8, '0')}` as RowKey
  return { key, value: bytes === undefined ? undefined : new Uint8Array(bytes) }
}

/** It is looked at now and then. */
export class RoomStore {
  readonly volume: Volume
  readonly written = { cost: 0, settledCost: 0, long: 0, settledLong: 0, settled: 0, bytes: 0 }
  readonly room = new Room(this.written)
  readonly #held = new Map<RowKey, number>()
  #gathered = new Map<RowKey, Row>()

  constructor(bytes: number) {
    this.volume = new Volume(bytes, 0)
    this.look()
  }

  look(): void {
    this.room.observe(spaceOf(this.volume.disk, this.volume.file))
  }

  put(name: number, bytes: number | undefined): void {
    const row = rowOf(name, bytes)
    const more = (bytes ?? 0) - (this.#held.get(row.key) ?? 0)
    const purpose: Purpose = more > 0 ? 'grow' : 'shrink'
    if (this.#gathered.has(row.key) || !this.room.takes(purpose, bytes ?? 0)) return
    this.#gathered.set(row.key, row)
    this.#held.set(row.key, bytes ?? 0)
    const cost = costOf(row.key.length + (bytes ?? 0))
    this.written.cost += cost
    this.written.long += longCostOf(cost)
  }

  /** False: the disk was full, which ends a node. */
  commit(): boolean {
    const rows = [...this.#gathered.values()]
    this.#gathered = new Map()
    const done = this.volume.write(rows)
    this.written.settledCost = this.written.cost
    this.written.settledLong = this.written.long
    this.written.settled++
    if (this.room.wantsLook) this.look()
    return done
  }
}

/** A store that was filled with large values, which were all deleted by its last commit. */
export function emptied(): RoomStore {
  const store = new RoomStore(10 * MIB)
  for (let i = 0; i < 40; i++) {
    store.put(i, 300_000)
    store.commit()
    store.look()
  }
  for (let i = 0; i < 40; i++) store.put(i, undefined)
  store.commit()
  store.look()
  return store
}

/** Does its next commit, of small values, find no page for what `Room` let it take? */
export function overfills(): boolean {
  const store = emptied()
  for (let i = 0; i < 2000; i++) store.put(100 + i, 1500)
  return !store.commit()
}
