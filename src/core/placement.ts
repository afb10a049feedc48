/**
 * Where keys belong, as this node sees it: the members, the ring that follows from them, and
 * which of the nodes can be reached now.
 */
import { type Hash, partitionOf, tokenOf } from './hash.ts'
import type { Epoch, Key, NodeId, Token } from './ids.ts'
import type { View } from './membership/view.ts'
import { membersIn } from './membership/view.ts'
import type { ClusterSettings } from './message.ts'
import { claim, type Ring } from './ring/claim.ts'
import { epochOf } from './ring/epoch.ts'
import { fallbacksOf, preferenceList } from './ring/preference-list.ts'

export class Placement {
  readonly self: NodeId
  readonly settings: ClusterSettings
  readonly #hash: Hash
  readonly #connected = new Set<NodeId>()
  /** Nobody waits for these (`membership/`). */
  readonly #avoids: (node: NodeId) => boolean
  #epoch: Epoch
  #ring: Ring
  /** The last key that was asked for: one request asks several times. */
  #lastKey = '' as Key
  #lastToken: Token

  constructor(
    self: NodeId,
    settings: ClusterSettings,
    view: View,
    hash: Hash,
    avoids: (node: NodeId) => boolean,
  ) {
    this.self = self
    this.settings = settings
    this.#hash = hash
    this.#avoids = avoids
    this.#epoch = epochOf(hash, view)
    this.#ring = ringOf(hash, view, settings)
    this.#lastToken = tokenOf(hash, this.#lastKey)
  }

  get epoch(): Epoch {
    return this.#epoch
  }

  get ring(): Ring {
    return this.#ring
  }

  /** The members are others: so is the ring. */
  adopt(view: View): void {
    this.#epoch = epochOf(this.#hash, view)
    this.#ring = ringOf(this.#hash, view, this.settings)
  }

  tokenOf(key: Key): Token {
    if (key !== this.#lastKey) {
      this.#lastToken = tokenOf(this.#hash, key)
      this.#lastKey = key
    }
    return this.#lastToken
  }

  /** The N nodes that own the token, in the ring's order. */
  primaries(token: Token): readonly NodeId[] {
    return preferenceList(this.#ring, partitionOf(token, this.settings.partitions))
  }

  /** The F nodes that may stand in for them, in the order in which they do. */
  fallbacks(token: Token): readonly NodeId[] {
    return fallbacksOf(this.#ring, partitionOf(token, this.settings.partitions))
  }

  /** True where this node owns the token. */
  owns(token: Token): boolean {
    return this.primaries(token).includes(this.self)
  }

  /** True where this node may stand in for an owner of the token. */
  standsIn(token: Token): boolean {
    return this.fallbacks(token).includes(this.self)
  }

  connected(node: NodeId): void {
    this.#connected.add(node)
  }

  disconnected(node: NodeId): void {
    this.#connected.delete(node)
  }

  /** This node itself, or one with a proved connection that is not suspect. */
  reachable(node: NodeId): boolean {
    return node === this.self || (this.#connected.has(node) && !this.#avoids(node))
  }

  /** Proved connections, suspect or not. */
  get connectedPeers(): readonly NodeId[] {
    return [...this.#connected]
  }

  /** Those of them that it makes sense to ask. */
  get peers(): readonly NodeId[] {
    return this.connectedPeers.filter(node => !this.#avoids(node))
  }
}

/** Fewer members than replicas are no ring: nobody owns anything before more are known. */
function ringOf(hash: Hash, view: View, settings: ClusterSettings): Ring {
  const members = membersIn(view)
  if (members.length >= settings.replicas) return claim(hash, members, settings)
  const none = Array.from({ length: settings.partitions }, () => [])
  return { partitions: settings.partitions, lists: none, fallbacks: none.map(() => []) }
}
