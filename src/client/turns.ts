/**
 * One after another: updates of one key that this client makes at the same time would only write
 * siblings for each other to merge. A turn lasts no longer than its lease, so that one that hangs
 * holds nobody up to the deadline.
 */
import { pause } from './pause.ts'

export type Turn = {
  /** Somebody waits for the next one. */
  readonly isWanted: () => boolean
  readonly end: () => void
}

export class Turns {
  /** Of each name the last turn that was asked for, and when it is over. */
  readonly #last = new Map<string, Promise<unknown>>()

  /** Resolves when it is this caller's turn, or `waitMs` are over, or the signal aborts. */
  async take(
    name: string,
    { leaseMs, waitMs }: { readonly leaseMs: number; readonly waitMs: number },
    signal: AbortSignal | undefined,
  ): Promise<Turn> {
    const before = this.#last.get(name)
    let finish = () => {}
    const own = new Promise<void>(resolve => {
      finish = resolve
    })
    const over = Promise.all([before, own])
    this.#last.set(name, over)
    if (before !== undefined) await pause(waitMs, signal, before)
    const lease = setTimeout(finish, leaseMs)
    return {
      isWanted: () => this.#last.get(name) !== over,
      end: () => {
        clearTimeout(lease)
        finish()
        if (this.#last.get(name) === over) this.#last.delete(name)
      },
    }
  }

  /** Names of which somebody has the turn. */
  get size(): number {
    return this.#last.size
  }
}
