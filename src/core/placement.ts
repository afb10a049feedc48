/**
 * Where keys belong, as this node sees it: the members, the ring that follows from them, and
 * which of the nodes can be reached now.
 */
import { type Hash, partitionOf, tokenOf } from './hash.ts'
import type { Epoch, Key, NodeId, Token } from './ids.ts'
import type { ClusterSettings, MemberRecord } from './message.ts'
import { claim, type Ring } from './ring/claim.ts'
import { epochOf } from './ring/epoch.ts'
import { preferenceList } from './ring/preference-list.ts'

export class Placement {
  readonly self: NodeId
  readonly settings: ClusterSettings
  readonly members: readonly MemberRecord[]
  readonly epoch: Epoch
  readonly ring: Ring
  readonly #hash: Hash
  readonly #connected = new Set<NodeId>()

  constructor(
    self: NodeId,
    settings: ClusterSettings,
    members: readonly MemberRecord[],
    hash: Hash,
  ) {
    this.self = self
    this.settings = settings
    this.members = members
    this.epoch = epochOf(hash, members)
    this.ring = claim(hash, members, settings)
    this.#hash = hash
  }

  tokenOf(key: Key): Token {
    return tokenOf(this.#hash, key)
  }

  /** The N nodes that own the token, in the ring's order. */
  primaries(token: Token): readonly NodeId[] {
    return preferenceList(this.ring, partitionOf(token, this.settings.partitions))
  }

  /** True where this node owns the token. */
  owns(token: Token): boolean {
    return this.primaries(token).includes(this.self)
  }

  connected(node: NodeId): void {
    this.#connected.add(node)
  }

  disconnected(node: NodeId): void {
    this.#connected.delete(node)
  }

  /** This node itself, or one with a proved connection. */
  reachable(node: NodeId): boolean {
    return node === this.self || this.#connected.has(node)
  }

  get peers(): readonly NodeId[] {
    return [...this.#connected]
  }
}
