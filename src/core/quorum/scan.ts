/**
 * The tally of one page of keys in token order: every reachable member lists what it holds of
 * the partitions it owns, and the page ends where the shortest list ends, so that each key in
 * it was looked for at R of its primaries at least. A listing is no snapshot: a key deleted or
 * written meanwhile may be in it or not.
 */
import { partitionOf } from '../hash.ts'
import type { Instant, Key, NodeId, Token } from '../ids.ts'
import type { KeysListed } from '../message.ts'
import { type Failure, nothingDone } from '../outcome.ts'
import type { Ring } from '../ring/claim.ts'

export type ScanStep =
  | { readonly type: 'done'; readonly keys: readonly Key[]; readonly cursor: string | undefined }
  | { readonly type: 'failed'; readonly failure: Failure }
  | undefined

export type ScanPage = { readonly after: string; readonly limit: number }

export class ScanTally {
  readonly deadline: Instant
  readonly #page: ScanPage
  readonly #ring: Ring
  readonly #needed: number
  readonly #waiting: Set<NodeId>
  readonly #lists = new Map<NodeId, KeysListed>()

  constructor(
    asked: readonly NodeId[],
    page: ScanPage,
    ring: Ring,
    needed: number,
    deadline: Instant,
  ) {
    this.#waiting = new Set(asked)
    this.#page = page
    this.#ring = ring
    this.#needed = needed
    this.deadline = deadline
  }

  listed(by: NodeId, list: KeysListed): ScanStep {
    if (!this.#waiting.delete(by)) return undefined
    this.#lists.set(by, list)
    return this.#waiting.size === 0 ? this.#finish() : undefined
  }

  lost(by: NodeId): ScanStep {
    if (!this.#waiting.delete(by)) return undefined
    return this.#waiting.size === 0 ? this.#finish() : undefined
  }

  /** Those that are late are taken as silent: the rest may be enough. */
  tick(now: Instant): ScanStep {
    if (now < this.deadline || this.#waiting.size === 0) return undefined
    this.#waiting.clear()
    return this.#finish()
  }

  waitsFor(node: NodeId): boolean {
    return this.#waiting.has(node)
  }

  #finish(): ScanStep {
    const end = this.#end()
    const missing = this.#firstPartitionBelowQuorum(end)
    if (missing !== undefined) {
      const message = `fewer than ${this.#needed} replicas of partition ${missing} answered`
      return {
        type: 'failed',
        failure: { code: 'QUORUM', message, outcome: nothingDone(this.#needed) },
      }
    }
    const places = this.#livePlaces(end)
    const page = places.slice(0, this.#page.limit)
    const keys = page.map(place => place.slice(tokenLength) as Key)
    const cursor = places.length > page.length ? page[page.length - 1] : end
    return { type: 'done', keys, cursor }
  }

  /** The place (token ‖ key) up to which every list that came is complete. */
  #end(): string | undefined {
    let end: string | undefined
    for (const { upTo } of this.#lists.values()) {
      if (upTo !== undefined && (end === undefined || upTo < end)) end = upTo
    }
    return end
  }

  #livePlaces(end: string | undefined): string[] {
    const places = new Set<string>()
    for (const list of this.#lists.values()) {
      for (const row of list.rows) {
        const place = row.token + row.key
        if (row.live && (end === undefined || place <= end)) places.add(place)
      }
    }
    return [...places].sort()
  }

  #firstPartitionBelowQuorum(end: string | undefined): number | undefined {
    const { partitions, lists } = this.#ring
    const first = this.#page.after === '' ? 0 : this.#partitionOfPlace(this.#page.after)
    const last = end === undefined ? partitions - 1 : this.#partitionOfPlace(end)
    for (let partition = first; partition <= last; partition++) {
      let answered = 0
      for (const node of lists[partition] ?? []) if (this.#lists.has(node)) answered += 1
      if (answered < this.#needed) return partition
    }
    return undefined
  }

  #partitionOfPlace(place: string): number {
    return partitionOf(
      place.slice(0, tokenLength).padEnd(tokenLength, '\0') as Token,
      this.#ring.partitions,
    )
  }
}

const tokenLength = 8
