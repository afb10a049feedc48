/**
 * What is behind what the other owners take is set aside (protocols P): all rows of the partition
 * go, for whatever of it is alive was at every owner when the floor was proved, and comes back by
 * exchange without what was reaped. The partition is closed meanwhile. Rows that were on their way
 * to the disk when it was closed are waited for, or they would come behind those that look for
 * rows to remove; and it opens once it is on the disk that it begins anew. Hints that are older
 * go before the floor is set, here or where nothing else is behind it. All of it is so much a tick.
 */
import { mutant, sometimes } from '#mutants'
import type { Record } from '../causality/record.ts'
import type { Generation, Partition, WallTime } from '../ids.ts'
import type { Objects } from '../objects.ts'
import type { Pending } from '../pending.ts'
import type { Stored } from '../quorum/put-coordination.ts'
import { hintRowsOfPartition, keyOfRow } from '../row-key.ts'
import type { RowKey } from '../step.ts'
import type { Marks } from './marks.ts'

type Parts = {
  readonly objects: Objects<Stored>
  readonly marks: Marks<Stored>
  readonly pending: Pending<Record, Stored>
}
/**
 * A partition that is being emptied. `behind`: the commit that has to be durable first; `found`:
 * rows in this pass over it; `hints`: it has no more rows; `isAnew`: its state is on its way to
 * the disk.
 */
type Aside = {
  readonly floor: Generation
  behind: number
  after: RowKey | undefined
  found: number
  hints: Drop | undefined
  isAnew: boolean
}
/** Hints of a partition that are older than what their owners take: these have had them. */
type Drop = {
  readonly partition: Partition
  readonly floor: Generation
  readonly behind: number
  after: RowKey | undefined
  isDone: boolean
}

export class SetAside {
  readonly #parts: Parts
  readonly #asides = new Map<Partition, Aside>()
  /** Of floors that are set once they are gone. */
  readonly #raises = new Map<Partition, Drop>()
  /** Those that may have been on their way to the disk when it was set. */
  #again: Drop[] = []
  /** What may still be looked at in this tick. */
  #left = 0

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** Does it begin anew, or wait for its floor to be set? */
  has(partition: Partition): boolean {
    return this.#asides.has(partition) || this.#raises.has(partition)
  }

  /** It is closed, and its rows go in the next ticks. */
  begin(partition: Partition, floor: Generation): void {
    sometimes('a partition is set aside')
    const { objects, pending } = this.#parts
    objects.generations.close(partition)
    const behind = mutant(674) ? 0 : pending.newest
    const place = { after: undefined, found: 0, hints: undefined, isAnew: false }
    this.#asides.set(partition, { floor, behind, ...place })
  }

  /** Sets the floor of a partition that is not behind it, once its older hints are gone. */
  raise(partition: Partition, floor: Generation): void {
    if (this.#parts.objects.hints.none) this.#set(partition, floor)
    else this.#raises.set(partition, newDrop(partition, floor, 0))
  }

  /** Removes some more rows; returns the partitions that have begun anew or got their floor. */
  tick(wall: WallTime): readonly Partition[] {
    const { pending } = this.#parts
    this.#left = rowsInTick
    const done: Partition[] = []
    for (const [partition, aside] of this.#asides) {
      if (this.#left <= 0) break
      if (!pending.isSettled(aside.behind)) continue
      if (aside.isAnew) {
        this.#asides.delete(partition)
        done.push(partition)
      } else if (aside.hints === undefined) this.#empty(partition, aside, wall)
      else this.#beginAnew(partition, aside, aside.hints)
    }
    for (const [partition, drop] of this.#raises) {
      if (!this.#drop(drop)) break
      this.#raises.delete(partition)
      this.#set(partition, drop.floor)
      done.push(partition)
    }
    if (this.#again.length > 0) this.#dropAgain()
    return done
  }

  /** Some of its rows; once a pass finds none, its hints are next. */
  #empty(partition: Partition, aside: Aside, wall: WallTime): void {
    const { objects, pending } = this.#parts
    const rows = objects.page(partition, aside.after, rowsAtOnce)
    for (const row of rows) {
      const { token, key } = keyOfRow(row)
      objects.remove(token, key, wall)
    }
    this.#left -= 1 + rows.length
    aside.found += rows.length
    aside.after = rows.at(-1)
    if (rows.length === rowsAtOnce) return
    aside.after = undefined
    if (aside.found > 0) {
      aside.found = 0
      aside.behind = pending.newest
      return
    }
    aside.hints = newDrop(partition, aside.floor, 0)
    this.#beginAnew(partition, aside, aside.hints)
  }

  /** Its older hints go, and then its state says that it is empty, at the floor. */
  #beginAnew(partition: Partition, aside: Aside, hints: Drop): void {
    if (!this.#drop(hints)) return
    const { objects, marks, pending } = this.#parts
    const { floor } = aside
    marks.remove(partition)
    objects.generations.write(partition, { generation: floor, floor, reaped: floor })
    aside.isAnew = true
    aside.behind = pending.newest
    this.#dropLater(partition, floor)
  }

  #set(partition: Partition, floor: Generation): void {
    const { generations } = this.#parts.objects
    const own = generations.of(partition)
    if (own.floor < floor) generations.write(partition, { ...own, floor })
    this.#dropLater(partition, floor)
  }

  #dropLater(partition: Partition, floor: Generation): void {
    const { objects, pending } = this.#parts
    if (!objects.hints.none) this.#again.push(newDrop(partition, floor, pending.newest))
  }

  #dropAgain(): void {
    const { pending } = this.#parts
    for (const drop of this.#again) if (pending.isSettled(drop.behind)) this.#drop(drop)
    this.#again = this.#again.filter(({ isDone }) => !isDone)
  }

  /** Some pages of them; true once it was through. */
  #drop(drop: Drop): boolean {
    const { objects } = this.#parts
    const { partition, floor } = drop
    const bounds = hintRowsOfPartition(partition, objects.generations.partitions)
    while (this.#left > 0 && !drop.isDone) {
      const rows = objects.hints.none ? [] : objects.hints.pageIn(bounds, drop.after, rowsAtOnce)
      this.#left--
      for (const row of rows) {
        this.#left -= 1 + Math.floor(row.value.length / bytesOfRow)
        const hint = objects.hints.settled(row)
        if (hint === undefined || hint === 'going' || hint.generation >= floor) continue
        sometimes('a hint below the floor is dropped')
        objects.hints.remove(row.key, row.value)
      }
      drop.after = rows.at(-1)?.key
      drop.isDone = drop.after === undefined
    }
    return drop.isDone
  }
}

function newDrop(partition: Partition, floor: Generation, behind: number): Drop {
  return { partition, floor, behind, after: undefined, isDone: false }
}

/** Of one partition, and of all of them in a tick. */
const rowsAtOnce = 256
const rowsInTick = 1024
/** A longer row counts for several. */
const bytesOfRow = 1024
