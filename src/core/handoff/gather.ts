/**
 * The next hints for one owner, as many as one message carries. One that was refused, or is too
 * large to be sent, waits by itself and is passed over until it is tried again.
 */
import { type Carrier, carriedBytes } from '../carrier.ts'
import { after, type Instant, type NodeId } from '../ids.ts'
import type { HandedCopy } from '../message.ts'
import { hintOfRow, hintRows } from '../row-key.ts'
import type { Effect, RowKey } from '../step.ts'
import type { Hints } from './hints.ts'
import type { Rehoming } from './rehoming.ts'

/** A hint as it was sent. */
export type SentHint = { readonly row: RowKey; readonly bytes: Uint8Array }

/** `waiting`: hints were passed over. */
export type Gathered = {
  readonly copies: readonly HandedCopy[]
  readonly sent: readonly SentHint[]
  readonly waiting: boolean
}

type Parts<Then> = {
  readonly hints: Hints<Then>
  readonly rehoming: Rehoming<Then>
  readonly carrier: Carrier
}

/** Until when, unless the hint has fewer bytes by then. */
type Wait = { readonly until: Instant; readonly bytes: number }

export class Gathering<Then> {
  readonly #parts: Parts<Then>
  readonly #owner: NodeId
  /** The next batch begins behind this row. */
  #after: RowKey = hintRows.from
  /** Those that wait by themselves. */
  readonly #waits = new Map<RowKey, Wait>()
  #looked = 0

  constructor(parts: Parts<Then>, owner: NodeId) {
    this.#parts = parts
    this.#owner = owner
  }

  /** As many wait by themselves as it can keep in mind: others would come again each round. */
  fullOfWaits(now: Instant): boolean {
    if (this.#waits.size >= waitsMax) this.#forget(now)
    return this.#waits.size >= waitsMax
  }

  /** Rows that were looked at, since the start. */
  get looked(): number {
    return this.#looked
  }

  /** Up to so many. */
  next(count: number, now: Instant, out: Effect[]): Gathered {
    const { hints, carrier } = this.#parts
    const copies: HandedCopy[] = []
    const sent: SentHint[] = []
    let [bytes, looked, waiting] = [0, 0, false]
    while (copies.length < count && bytes < batchBytesMax && looked < lookedMax) {
      const page = hints.pageOf(this.#owner, this.#after)
      for (const row of page.rows) {
        if (copies.length >= count || bytes >= batchBytesMax) break
        looked += row.value.length + rowCost
        this.#looked++
        const copy = this.#copyOf(row.key, row.value, now, out)
        if (copy === 'waits') waiting = true
        else if (copy !== undefined) {
          if (!carrier.fits(bytes, copy)) return { copies, sent, waiting }
          copies.push(copy)
          sent.push({ row: row.key, bytes: row.value })
          bytes += carriedBytes(copy)
        }
        this.#after = row.key
      }
      if (copies.length >= count || bytes >= batchBytesMax) break
      this.#after = page.next ?? hintRows.from
      if (page.next === undefined) {
        this.#forget(now)
        break
      }
    }
    return { copies, sent, waiting }
  }

  /** These were refused, each for itself: the others go on without them. */
  refused(rows: readonly SentHint[], now: Instant): void {
    if (this.#waits.size + rows.length > waitsMax) this.#forget(now)
    for (const { row } of rows) this.#wait(row, { until: after(now, refusedMs), bytes: 0 })
  }

  /** Nothing is left: the next ones are looked for from the beginning. */
  reset(): void {
    this.#after = hintRows.from
    this.#waits.clear()
  }

  #copyOf(
    row: RowKey,
    value: Uint8Array,
    now: Instant,
    out: Effect[],
  ): HandedCopy | 'waits' | undefined {
    const { owner, key, token } = hintOfRow(row)
    if (owner !== this.#owner) return undefined
    const wait = this.#waits.get(row)
    if (wait !== undefined && now < wait.until && value.length >= wait.bytes) return 'waits'
    this.#waits.delete(row)
    const hint = this.#parts.rehoming.fit({ key: row, value }, out)
    if (hint === undefined) return undefined
    const { object, generation, time } = hint
    if (this.#parts.carrier.carries(object)) return { key, token, object, generation, time }
    this.#parts.carrier.leave({ key, bytes: object.length })
    // What superseded most of it may fit.
    this.#wait(row, { until: after(now, tooLargeMs), bytes: value.length })
    return 'waits'
  }

  /** Those whose time is over are not kept in mind: the row may be gone. */
  #forget(now: Instant): void {
    for (const [row, { until }] of this.#waits) if (now >= until) this.#waits.delete(row)
  }

  #wait(row: RowKey, wait: Wait): void {
    if (this.#waits.size < waitsMax) this.#waits.set(row, wait)
  }
}

const batchBytesMax = 512 * 1024
/** Bytes looked at for one batch; a small row counts too. */
const lookedMax = 4 * 1024 * 1024
const rowCost = 1024
/** Until a hint that was refused, or is too large, is tried again. */
const refusedMs = 5000
const tooLargeMs = 60_000
const waitsMax = 10_000
