/**
 * The record of what was proved equal when, and of what was repaired, with each member that
 * this node compares with: one row a member, written now and then in a commit that gathers, so
 * that `kv repair status` knows more than this process has seen.
 */
import type { Hash } from '../hash.ts'
import { after, type Instant, type NodeId } from '../ids.ts'
import { proofRowKey, proofRows, provedWith } from '../row-key.ts'
import type { Row, Store } from '../step.ts'
import { type Finding, PairProof } from './pair-proof.ts'

type Pair = { readonly proof: PairProof; writeAt: Instant | undefined; writtenAt: Instant }

export class Proofs {
  readonly #hash: Hash
  readonly #pairs = new Map<NodeId, Pair>()
  readonly #stored = new Set<NodeId>()

  constructor(hash: Hash, reads: Store) {
    this.#hash = hash
    for (const { key, value } of reads.range(proofRows.from, proofRows.to, pairsMax)) {
      const proof = new PairProof()
      const node = provedWith(key)
      this.#stored.add(node)
      if (proof.decode(hash, value)) this.#add(node, proof)
    }
  }

  /** Rows in the store, or on their way there. */
  get rows(): number {
    return this.#stored.size
  }

  /** Members in the order of their names. */
  get nodes(): readonly NodeId[] {
    return [...this.#pairs.keys()].sort()
  }

  of(node: NodeId): PairProof | undefined {
    return this.#pairs.get(node)?.proof
  }

  take(node: NodeId, finding: Finding, now: Instant): void {
    const pair = this.#pairs.get(node) ?? this.#add(node, new PairProof())
    pair.proof.take(finding)
    const pauseMs = finding.moved.size > 0 ? newsMs : usualMs
    const writeAt = Math.max(now, after(pair.writtenAt, pauseMs)) as Instant
    pair.writeAt = Math.min(pair.writeAt ?? writeAt, writeAt) as Instant
  }

  /** Rows to be written now. */
  due(now: Instant): readonly Row[] {
    const rows: Row[] = []
    for (const [node, pair] of this.#pairs) {
      if (pair.writeAt === undefined || now < pair.writeAt) continue
      pair.writeAt = undefined
      pair.writtenAt = now
      this.#stored.add(node)
      rows.push({ key: proofRowKey(node), value: pair.proof.encode(this.#hash) })
    }
    return rows
  }

  #add(node: NodeId, proof: PairProof): Pair {
    const pair = { proof, writeAt: undefined, writtenAt: (0 - usualMs) as Instant }
    this.#pairs.set(node, pair)
    return pair
  }
}

/** At most one row in this time for a pair that is equal, and for one that is repaired. */
const usualMs = 60_000
const newsMs = 10_000
const pairsMax = 1024
