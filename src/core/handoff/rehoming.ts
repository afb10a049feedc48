/**
 * Hints for who owns their key no more: a hint goes to whoever owns the key now (protocols 12).
 * With each new view every hint is looked at once, some at each tick, whether its owner can be
 * reached or not, for one that was removed never comes back.
 */
import { sometimes } from '#mutants'
import type { Record } from '../causality/record.ts'
import type { Epoch } from '../ids.ts'
import type { Objects } from '../objects.ts'
import type { Placement } from '../placement.ts'
import { hintOfRow, hintRows } from '../row-key.ts'
import type { Effect, RowKey, StoredRow } from '../step.ts'

export class Rehoming<Then> {
  readonly #placement: Placement
  readonly #objects: Objects<Then>
  /** The view whose owners the hints are compared with. */
  #epoch: Epoch | undefined
  /** The next to be compared are behind this row; undefined: all of them were. */
  #after: RowKey | undefined

  constructor(placement: Placement, objects: Objects<Then>) {
    this.#placement = placement
    this.#objects = objects
  }

  tick(out: Effect[]): void {
    const { epoch } = this.#placement
    if (this.#epoch !== epoch) this.#after = hintRows.from
    this.#epoch = epoch
    for (let looked = 0; looked < lookedMax && this.#after !== undefined; ) {
      const rows: readonly StoredRow[] = this.#objects.hints.page(this.#after, pageRows)
      for (const row of rows) {
        if (!this.#isOwned(row.key)) this.fit(row, out)
        looked += row.value.length + rowCost
      }
      this.#after = rows.length < pageRows ? undefined : rows.at(-1)?.key
    }
  }

  /** The hint as its owner may get it; undefined where it is going, is damaged, or moves. */
  fit(row: StoredRow, out: Effect[]): Record | undefined {
    const { key, token, owner } = hintOfRow(row.key)
    const { hints } = this.#objects
    const hint = hints.settled(row)
    if (hint === 'going') return undefined
    if (hint === undefined) {
      const detail = { owner, bytes: row.value.length }
      out.push({ type: 'note', note: { level: 'error', event: 'hint-damaged', detail } })
      hints.remove(row.key, row.value)
      return undefined
    }
    if (this.#isOwned(row.key)) return hint
    const primaries = this.#placement.primaries(token)
    if (primaries.length === 0) return undefined
    sometimes('a hint changes its owner')
    // Kept for each of them, in the same commit as the old one goes.
    if (primaries.includes(this.#placement.self)) {
      const taken = this.#objects.merge(token, key, hint, undefined)
      if (taken === 'refused' && !this.#objects.generations.knows(token)) {
        // Nothing is taken of the partition yet: it is looked at again.
        this.#epoch = undefined
        return undefined
      }
    }
    for (const now of primaries) {
      if (now !== this.#placement.self) hints.move(now, token, key, hint)
    }
    // A newer one is not durable yet: it is looked at again.
    if (!hints.remove(row.key, row.value)) this.#epoch = undefined
    return undefined
  }

  #isOwned(row: RowKey): boolean {
    const { token, owner } = hintOfRow(row)
    return owner !== this.#placement.self && this.#placement.primaries(token).includes(owner)
  }
}

const pageRows = 32
/** What is looked at in one tick, in bytes; a row without any counts too. */
const lookedMax = 256 * 1024
const rowCost = 1024
