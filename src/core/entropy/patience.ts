/**
 * How long one repair waits for an owner that it cannot be compared with: once for each owner,
 * not once for each partition, so that a repair ends however many partitions it has.
 */
import type { Instant, NodeId } from '../ids.ts'
import type { UnprovedWhy } from './repair-message.ts'

type Failing = { readonly since: Instant; last: Instant; why: UnprovedWhy }

export class Patience {
  readonly #failing = new Map<NodeId, Failing>()

  /** A comparison with it came to an end. */
  heard(node: NodeId): void {
    this.#failing.delete(node)
  }

  /** One could not be made. Returns true if nobody waits for it any more. */
  failed(node: NodeId, why: UnprovedWhy, now: Instant): boolean {
    const failing = this.#failing.get(node) ?? { since: now, last: now, why }
    this.#failing.set(node, failing)
    failing.last = now
    failing.why = why
    return now - failing.since >= patienceMs
  }

  /** Why it is not even tried; undefined: it is. One that was given up is tried again later. */
  spentOn(node: NodeId, now: Instant): UnprovedWhy | undefined {
    const failing = this.#failing.get(node)
    if (failing === undefined || failing.last - failing.since < patienceMs) return undefined
    return now - failing.last < patienceMs ? failing.why : undefined
  }
}

/** A process that has just begun cannot answer for some seconds. */
export const patienceMs = 12_000
