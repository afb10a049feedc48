/**
 * What is behind what the other owners take is set aside (protocols P): all rows of the partition
 * go, for whatever of it is alive was at every owner when the floor was proved, and comes back by
 * exchange without what was reaped. The partition is closed meanwhile. Rows that were on their way
 * to the disk when it was closed are waited for, or they would come behind those that look for
 * rows to remove; and it opens once it is on the disk that it begins anew.
 */
import { mutant, sometimes } from '#mutants'
import type { Record } from '../causality/record.ts'
import type { Generation, Partition, WallTime } from '../ids.ts'
import type { Objects } from '../objects.ts'
import type { Pending } from '../pending.ts'
import type { Stored } from '../quorum/put-coordination.ts'
import { hintOfRow, hintRows, keyOfRow } from '../row-key.ts'
import type { RowKey } from '../step.ts'
import type { Marks } from './marks.ts'

type Parts = {
  readonly objects: Objects<Stored>
  readonly marks: Marks<Stored>
  readonly pending: Pending<Record, Stored>
}
/**
 * A partition that is being emptied. `behind`: the commit that has to be durable first; `found`:
 * rows in this pass over it; `isAnew`: it is empty, and its state is on its way to the disk.
 */
type Aside = {
  readonly floor: Generation
  behind: number
  after: RowKey | undefined
  found: number
  isAnew: boolean
}
/** Hints below a floor that may have been on their way to the disk when it was learnt. */
type Drop = { readonly partition: Partition; readonly floor: Generation; readonly behind: number }

export class SetAside {
  readonly #parts: Parts
  readonly #asides = new Map<Partition, Aside>()
  #drops: readonly Drop[] = []

  constructor(parts: Parts) {
    this.#parts = parts
  }

  has(partition: Partition): boolean {
    return this.#asides.has(partition)
  }

  /** It is closed, and its rows go in the next ticks. */
  begin(partition: Partition, floor: Generation): void {
    sometimes('a partition is set aside')
    const { objects, pending } = this.#parts
    objects.generations.close(partition)
    const behind = mutant(674) ? 0 : pending.newest
    const aside = { floor, behind, after: undefined, found: 0, isAnew: false }
    this.#asides.set(partition, aside)
  }

  /** Removes some more rows; returns the partitions that have begun anew. */
  tick(wall: WallTime): readonly Partition[] {
    const { pending } = this.#parts
    this.#dropAgain()
    const anew: Partition[] = []
    let left = rowsInTick
    for (const [partition, aside] of this.#asides) {
      if (left <= 0) break
      if (!pending.isSettled(aside.behind)) continue
      if (aside.isAnew) {
        this.#asides.delete(partition)
        anew.push(partition)
      } else left -= this.#empty(partition, aside, wall)
    }
    return anew
  }

  /** Hints that are older than what their owners take: these have had them. */
  dropHints(partition: Partition, floor: Generation): void {
    const { pending } = this.#parts
    this.#drop(partition, floor)
    if (pending.isSettled(pending.newest)) return
    this.#drops = [...this.#drops, { partition, floor, behind: pending.newest }]
  }

  /** Some of its rows; once a pass finds none it begins anew, at the floor. Returns how many. */
  #empty(partition: Partition, aside: Aside, wall: WallTime): number {
    const { objects, marks, pending } = this.#parts
    const rows = objects.page(partition, aside.after, rowsAtOnce)
    for (const row of rows) {
      const { token, key } = keyOfRow(row)
      objects.remove(token, key, wall)
    }
    aside.found += rows.length
    aside.after = rows.at(-1)
    if (rows.length === rowsAtOnce) return rows.length
    aside.after = undefined
    if (aside.found > 0) {
      aside.found = 0
      aside.behind = pending.newest
      return rows.length
    }
    const { floor } = aside
    this.dropHints(partition, floor)
    marks.remove(partition)
    objects.generations.write(partition, { generation: floor, floor, reaped: floor })
    aside.isAnew = true
    aside.behind = pending.newest
    return rows.length
  }

  #dropAgain(): void {
    if (this.#drops.length === 0) return
    const { pending } = this.#parts
    const due = this.#drops.filter(({ behind }) => pending.isSettled(behind))
    this.#drops = this.#drops.filter(one => !due.includes(one))
    for (const { partition, floor } of due) this.#drop(partition, floor)
  }

  #drop(partition: Partition, floor: Generation): void {
    const { objects } = this.#parts
    for (let from = hintRows.from; !objects.hints.none; ) {
      const rows = objects.hints.page(from, rowsAtOnce)
      for (const row of rows) {
        const { token } = hintOfRow(row.key)
        if (objects.generations.partitionOf(token) !== partition) continue
        const hint = objects.hints.settled(row)
        if (hint === undefined || hint === 'going' || hint.generation >= floor) continue
        sometimes('a hint below the floor is dropped')
        objects.hints.remove(row.key, row.value)
      }
      const last = rows.at(-1)
      if (last === undefined || rows.length < rowsAtOnce) return
      from = last.key
    }
  }
}

/** Of one partition, and of all of them in a tick. */
const rowsAtOnce = 256
const rowsInTick = 1024
