/**
 * Read repair (Dynamo §5, design §4): what a get and its late answers found together is written
 * back to the primaries that lack it, on both sides of a concurrent pair. Under `blocking` the
 * reply waits until R primaries hold durably what it returns, agreeing and repaired ones
 * counted, so that a later get of R does not return less. Only gets whose answers differ have
 * one. A pure tally: `get-coordination.ts` fetches, writes and replies.
 */
import { sometimes } from '#mutants'
import { mergeSiblings, type Siblings } from '../causality/siblings.ts'
import type { NodeId } from '../ids.ts'
import { type HeldAnswer, nothingHeld } from './get.ts'

export type RepairTerms = {
  readonly primaries: readonly NodeId[]
  /** R: so many primaries must hold what is returned. */
  readonly needed: number
  readonly digestOf: (siblings: Siblings) => string
}

export class ReadRepair {
  readonly #terms: RepairTerms
  readonly #returned: Siblings
  readonly #returnedDigest: string
  /** All that was found so far. */
  #merged: Siblings
  #digest: string
  /** By its digest, what each one holds at least. */
  readonly #known = new Map<NodeId, string>()
  readonly #fetching = new Set<NodeId>()
  /** The digest of what is being written to each one. */
  readonly #writing = new Map<NodeId, string>()
  readonly #holders = new Set<NodeId>()
  readonly #repaired = new Set<NodeId>()

  /** The get returns these siblings; the digest is theirs. */
  constructor(terms: RepairTerms, returned: Siblings, digest: string) {
    this.#terms = terms
    this.#returned = returned
    this.#returnedDigest = digest
    this.#merged = returned
    this.#digest = digest
  }

  /**
   * What this node holds. `known`: the object of this digest is in what was returned. True where
   * its object must be fetched, since it may hold what nobody else does.
   */
  heard(by: NodeId, { digest, siblings }: HeldAnswer, known: boolean): boolean {
    this.#known.set(by, digest)
    this.#fetching.delete(by)
    if (digest === this.#digest || digest === this.#returnedDigest) this.#holders.add(by)
    else if (siblings !== undefined) this.#take(by, siblings)
    else if (digest !== nothingHeld && !known) {
      this.#fetching.add(by)
      return true
    }
    return false
  }

  /**
   * The primaries that lack something of it; it counts as sent to them. One copy a node at a
   * time: an ack says no more than that the last one is durable.
   */
  due(): readonly NodeId[] {
    const due: NodeId[] = []
    for (const [node, digest] of this.#known) {
      if (digest === this.#digest || !this.#terms.primaries.includes(node)) continue
      if (this.#fetching.has(node) || this.#writing.has(node)) continue
      this.#writing.set(node, this.#digest)
      due.push(node)
    }
    return due
  }

  /** What was written to this node is durable there. */
  stored(node: NodeId): boolean {
    const written = this.#writing.get(node)
    if (written === undefined) return false
    this.#writing.delete(node)
    this.#known.set(node, written)
    this.#holders.add(node)
    this.#repaired.add(node)
    return true
  }

  /** This node will not answer, or refused. */
  lost(node: NodeId): void {
    this.#known.delete(node)
    this.#fetching.delete(node)
    this.#writing.delete(node)
  }

  fetches(node: NodeId): boolean {
    return this.#fetching.has(node)
  }

  /** What is written back. */
  get merged(): Siblings {
    return this.#merged
  }

  /** R primaries hold what is returned: no later get of R can miss it. */
  get enough(): boolean {
    return this.#count(node => this.#holders.has(node)) >= this.#terms.needed
  }

  /** Can it still become enough, if all that are waited for answer? */
  hopeful(silent: (node: NodeId) => boolean): boolean {
    const may = (node: NodeId) =>
      this.#holders.has(node) || this.#writing.has(node) || this.#fetching.has(node) || silent(node)
    return this.#count(may) >= this.#terms.needed
  }

  get pending(): boolean {
    return this.#writing.size > 0 || this.#fetching.size > 0
  }

  /** Those whose durable ack came. */
  get repaired(): readonly NodeId[] {
    return [...this.#repaired]
  }

  #take(by: NodeId, siblings: Siblings): void {
    if (mergeSiblings(siblings, this.#returned) === siblings) this.#holders.add(by)
    const merged = mergeSiblings(this.#merged, siblings)
    if (merged === this.#merged) return
    sometimes('a read repair finds more than was returned')
    this.#merged = merged
    this.#digest = this.#terms.digestOf(merged)
  }

  #count(is: (node: NodeId) => boolean): number {
    let count = 0
    for (const node of this.#terms.primaries) if (is(node)) count += 1
    return count
  }
}
