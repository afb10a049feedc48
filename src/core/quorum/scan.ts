/**
 * The tally of one page of keys in token order. Owners list what they hold of some partitions;
 * the page ends where the shortest list ends. For each partition R whole replicas must have
 * listed it, as for a get, so that every put and delete that a quorum acknowledged before the
 * page began is on one of the lists; what they say of a key is merged. A listing is no snapshot:
 * a key that is deleted or written meanwhile may be in it or not.
 */
import { mutant, sometimes } from '#mutants'
import { decodeCheckedObject } from '../causality/object.ts'
import { mergeSiblings, noSiblings } from '../causality/siblings.ts'
import type { Instant, Key, NodeId, Partition } from '../ids.ts'
import { partitionAt } from '../listing.ts'
import type { KeysListed, ListedKey, ScanMissing } from '../listing-message.ts'
import { type Failure, nothingDone } from '../outcome.ts'
import type { Ring } from '../ring/claim.ts'
import { firstToken } from '../row-key.ts'

export type ScanStep =
  | {
      readonly type: 'done'
      readonly keys: readonly Key[]
      readonly cursor: string | undefined
      readonly missing: ScanMissing | undefined
    }
  | { readonly type: 'failed'; readonly failure: Failure }
  | undefined

export type ScanPage = {
  readonly after: string
  /** The last partition that is asked for. */
  readonly last: Partition
  readonly limit: number
  /** Short of a quorum the page is what can be seen. */
  readonly partial: boolean
}
export type ScanTerms = { readonly ring: Ring; readonly needed: number; readonly deadline: Instant }

export class ScanTally {
  readonly #page: ScanPage
  readonly #terms: ScanTerms
  readonly #first: number
  readonly #waiting: Set<NodeId>
  readonly #lists = new Map<NodeId, KeysListed>()
  #settled = false

  constructor(asked: readonly NodeId[], page: ScanPage, terms: ScanTerms) {
    this.#waiting = new Set(asked)
    this.#page = page
    this.#terms = terms
    this.#first = partitionAt(page.after, terms.ring.partitions)
  }

  listed(by: NodeId, list: KeysListed): ScanStep {
    if (!this.#waiting.delete(by)) return undefined
    this.#lists.set(by, list)
    return this.#next()
  }

  lost(by: NodeId): ScanStep {
    return this.#waiting.delete(by) ? this.#next() : undefined
  }

  /** Those that are late are taken as silent: the rest may be enough. */
  tick(now: Instant): ScanStep {
    if (now < this.#terms.deadline || this.#settled) return undefined
    this.#waiting.clear()
    return this.#next()
  }

  /** Done as soon as each partition has its quorum; what else is on its way changes nothing. */
  #next(): ScanStep {
    if (this.#settled) return undefined
    const end = this.#end()
    const short = this.#partitionsBelowQuorum(end)
    if (short.length > 0 && this.#waiting.size > 0) return undefined
    this.#settled = true
    const [first, last] = [short[0], short.at(-1)]
    if (first === undefined || last === undefined) return this.#done(end, undefined)
    const missing = { partitions: short.length, first, last, why: this.#why(short) }
    if (this.#page.partial) return this.#done(end, missing)
    const { needed } = this.#terms
    const partitions = short.length === 1 ? 'one partition' : `${short.length} partitions`
    const message = `fewer than ${needed} whole replicas of ${partitions} answered: ${missing.why}`
    return { type: 'failed', failure: { code: 'QUORUM', message, outcome: nothingDone(needed) } }
  }

  #done(end: string | undefined, missing: ScanMissing | undefined): ScanStep {
    const { limit, last } = this.#page
    const { partitions } = this.#terms.ring
    const places = this.#livePlaces(end)
    const page = places.slice(0, limit)
    const keys = page.map(place => place.slice(tokenLength) as Key)
    const next = last + 1 < partitions ? firstToken(last + 1, partitions) : undefined
    const cursor = places.length > page.length ? page.at(-1) : (end ?? next)
    return { type: 'done', keys, cursor, missing }
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
    const places = new Map<string, ListedKey[]>()
    for (const list of this.#lists.values()) {
      for (const row of list.rows) {
        const place = row.token + row.key
        if (end !== undefined && place > end) break
        const rows = places.get(place)
        if (rows === undefined) places.set(place, [row])
        else rows.push(row)
      }
    }
    const live: string[] = []
    for (const [place, rows] of places) if (isLive(rows)) live.push(place)
    return live.sort()
  }

  #partitionsBelowQuorum(end: string | undefined): number[] {
    const { ring, needed } = this.#terms
    const last = end === undefined ? this.#page.last : partitionAt(end, ring.partitions)
    const damaged = this.#damaged(end)
    const short: number[] = []
    for (let partition = this.#first; partition <= last; partition++) {
      let counted = -(damaged.get(partition) ?? 0)
      for (const node of ring.lists[partition] ?? []) if (this.#counts(node, partition)) counted++
      if (counted < needed) short.push(partition)
    }
    return short
  }

  /** By partition, how many of those that count there cannot say what they hold of some key. */
  #damaged(end: string | undefined): ReadonlyMap<number, number> {
    const nodes = new Map<number, Set<NodeId>>()
    for (const [node, list] of this.#lists) {
      for (const { token, key, object } of list.rows) {
        if (object !== undefined || (end !== undefined && token + key > end)) continue
        const partition = partitionAt(token, this.#terms.ring.partitions)
        if (!this.#counts(node, partition)) continue
        sometimes('a damaged row is listed')
        const found = nodes.get(partition) ?? new Set<NodeId>()
        nodes.set(partition, found.add(node))
      }
    }
    return new Map([...nodes].map(([partition, found]) => [partition, found.size]))
  }

  #counts(node: NodeId, partition: number): boolean {
    const list = this.#lists.get(node)
    if (list === undefined) return false
    const bit = partition - this.#first
    return ((list.counts[bit >> 3] ?? 0) & (1 << (bit & 7))) !== 0 || mutant(690)
  }

  /** Which owners of these partitions are missing, and why. */
  #why(short: readonly number[]): string {
    const { ring } = this.#terms
    const owners = new Set(short.flatMap(partition => ring.lists[partition] ?? []))
    const silent = [...owners].filter(node => !this.#lists.has(node)).sort()
    const unwhole = [...owners]
      .filter(node => this.#lists.has(node) && short.some(one => this.#lacks(node, one)))
      .sort()
    const said: string[] = []
    if (silent.length > 0) said.push(`no answer from ${silent.join(', ')}`)
    if (unwhole.length > 0) said.push(`not whole yet: ${unwhole.join(', ')}`)
    return said.join('; ')
  }

  #lacks(node: NodeId, partition: number): boolean {
    const isOwner = this.#terms.ring.lists[partition]?.includes(node) === true
    return isOwner && !this.#counts(node, partition)
  }
}

/** Is a version there once all that is listed of a key is merged? */
function isLive(rows: readonly ListedKey[]): boolean {
  if (!rows.some(({ live }) => live)) return false
  if (rows.every(({ live }) => live) || mutant(691)) return true
  sometimes('replicas disagree on a key that is listed')
  let all = noSiblings
  for (const { object } of rows) {
    const one = object && decodeCheckedObject(object)
    if (one !== undefined) all = mergeSiblings(all, one)
  }
  return all.versions.some(({ tombstone }) => !tombstone)
}

const tokenLength = 8
