/**
 * What a client knows of its cluster: the newest view it was given, the ring that follows from
 * it, its operation ids, and the highest generation seen of each partition.
 */
import { type Hash, partitionOf, tokenOf } from '../hash.ts'
import type { Epoch, Generation, Instant, Key, NodeId, OpId, Partition } from '../ids.ts'
import type { MemberRecord, ViewReply } from '../message.ts'
import { claim, type Ring, weightMax } from '../ring/claim.ts'
import { OpClock } from './op-clock.ts'

export class KnownCluster {
  readonly ops = new OpClock()
  readonly #hash: Hash
  readonly #generations = new Map<Partition, Generation>()
  /** Of the last puts that were sent. */
  readonly #stamps = new Map<OpId, Generation>()
  #members = new Map<NodeId, MemberRecord>()
  #ring: Ring | undefined
  #view: ViewReply | undefined

  constructor(hash: Hash) {
    this.#hash = hash
  }

  get view(): ViewReply | undefined {
    return this.#view
  }

  /** Takes over a view; true where its members or settings are news. */
  adopt(now: Instant, view: ViewReply): boolean {
    if (!canClaim(view)) return false
    this.ops.told(now, view.time)
    const isNews = this.#view?.epoch !== view.epoch
    const isMoved = view.members.some(member => this.#isElsewhere(member))
    this.#view = view
    if (!isNews && !isMoved) return false
    this.#members = new Map(view.members.map(member => [member.id, member]))
    if (isNews) this.#ring = undefined
    return true
  }

  /** It listens on another address than we know: the epoch says nothing of addresses. */
  #isElsewhere({ id, host, port }: MemberRecord): boolean {
    const known = this.#members.get(id)
    return known?.host !== host || known.port !== port
  }

  get epoch(): Epoch {
    return this.#view?.epoch ?? ('' as Epoch)
  }

  member(id: NodeId): MemberRecord | undefined {
    return this.#members.get(id)
  }

  members(): readonly MemberRecord[] {
    return this.#view?.members ?? []
  }

  partitionOf(key: Key): Partition | undefined {
    const partitions = this.#view?.settings.partitions
    if (partitions === undefined) return undefined
    return partitionOf(tokenOf(this.#hash, key), partitions)
  }

  preferenceList(partition: Partition): readonly NodeId[] {
    return this.#currentRing()?.lists[partition] ?? []
  }

  fallbacks(partition: Partition): readonly NodeId[] {
    return this.#currentRing()?.fallbacks[partition] ?? []
  }

  /** The highest that was heard of. */
  generation(partition: Partition | undefined): Generation {
    return partition === undefined ? 0 : (this.#generations.get(partition) ?? 0)
  }

  /**
   * The generation that a put says: what was known when it was first sent, or again after it was
   * refused for certain. Never what was heard since: it may have been deleted and reaped then.
   */
  stampOf(op: OpId | undefined, partition: Partition | undefined, isFirst: boolean): Generation {
    if (op === undefined) return 0
    if (isFirst) {
      this.#stamps.set(op, this.generation(partition))
      const [oldest] = this.#stamps.keys()
      if (this.#stamps.size > stampsMax && oldest !== undefined) this.#stamps.delete(oldest)
    }
    return this.#stamps.get(op) ?? 0
  }

  sawGeneration(partition: Partition | undefined, generation: Generation): void {
    if (partition === undefined || generation <= this.generation(partition)) return
    this.#generations.set(partition, generation)
  }

  /** Made when it is first needed: most short-lived clients never do. */
  #currentRing(): Ring | undefined {
    if (this.#ring !== undefined || this.#view === undefined) return this.#ring
    this.#ring = claim(this.#hash, this.#view.members, this.#view.settings)
    return this.#ring
  }
}

/** Puts whose generation is remembered; an older one that is sent again says 0. */
const stampsMax = 4096

/** Can a ring be made of it? A node's mistake must not stop the client's process. */
function canClaim({ members, settings }: ViewReply): boolean {
  const { partitions, replicas } = settings
  if (!(partitions >= 1 && 65536 % partitions === 0)) return false
  if (!(replicas >= 1 && replicas <= members.length)) return false
  if (new Set(members.map(member => member.id)).size < members.length) return false
  return members.every(({ weight }) => {
    return weight > 0 && weight <= weightMax && Number.isInteger(weight * 64)
  })
}
