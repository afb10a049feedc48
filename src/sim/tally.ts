/**
 * What all processes of a world counted of second sends and pins: a replica counts since its start,
 * so what those counted that have ended is kept.
 */
import type { SecondSendCounts } from '../core/quorum/making.ts'
import type { Replica } from '../core/replica.ts'
import type { Context } from './context.ts'
import type { Notice } from './notice.ts'

export type Tallied = SecondSendCounts & { shed: number }

export class Tally {
  readonly #machines: Context['machines']
  readonly #running = new Map<string, Replica>()
  readonly #ended: Tallied = { ...nothing }

  constructor({ machines }: Context) {
    this.#machines = machines
  }

  hear(notice: Notice): void {
    if (notice.type === 'started') {
      const replica = this.#machines.get(notice.node)?.process?.replica
      if (replica !== undefined) this.#running.set(notice.node, replica)
    } else if (notice.type === 'ended') {
      addTo(this.#ended, this.#running.get(notice.node))
      this.#running.delete(notice.node)
    }
  }

  /** Of those that have ended and of those that run. */
  total(): Tallied {
    const total = { ...this.#ended }
    for (const replica of this.#running.values()) addTo(total, replica)
    return total
  }
}

/** Adds one to another, count by count. */
export function addTallied(to: Tallied, more: Tallied): void {
  for (const name of names) to[name] += more[name]
}

const nothing: Tallied = {
  dots: 0,
  unasked: 0,
  pinned: 0,
  unknown: 0,
  belowList: 0,
  unpinned: 0,
  belowFloor: 0,
  tooFew: 0,
  full: 0,
  shed: 0,
}
const names = Object.keys(nothing) as (keyof Tallied)[]

export function nothingTallied(): Tallied {
  return { ...nothing }
}

function addTo(to: Tallied, replica: Replica | undefined): void {
  if (replica === undefined) return
  const { secondSends, reaping } = replica.observe()
  addTallied(to, { ...secondSends, shed: reaping.pinsShed })
}
