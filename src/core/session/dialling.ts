/**
 * Whom the client connects to: the replicas of the keys that it is asked for, the node that a call
 * insists on, and, where it knows nobody, whoever answers at the addresses that its user gave.
 */
import { after, type Instant, type NodeId } from '../ids.ts'
import { type Call, keyOfWanted } from './call.ts'
import type { SessionEffect } from './contract.ts'
import type { KnownCluster } from './known-cluster.ts'
import type { Peers } from './peers.ts'

export class Dialling {
  readonly #cluster: KnownCluster
  readonly #peers: Peers
  readonly #perform: (effect: SessionEffect) => void
  #seeking = false
  #seekAt = 0 as Instant
  #seekFailures = 0

  constructor(cluster: KnownCluster, peers: Peers, perform: (effect: SessionEffect) => void) {
    this.#cluster = cluster
    this.#peers = peers
    this.#perform = perform
  }

  /** The key's replicas that are not connected are dialled for the calls to come. */
  replicasOf(now: Instant, call: Call): void {
    const key = keyOfWanted(call.wanted)
    if (key === undefined) return
    call.partition ??= this.#cluster.partitionOf(key)
    if (call.partition === undefined) return
    for (const id of this.#cluster.preferenceList(call.partition)) this.dial(now, id)
  }

  dial(now: Instant, id: NodeId, atOnce = false): void {
    const peer = this.#peers.peer(id)
    if (peer.state !== 'apart') return
    const member = this.#cluster.member(id)
    if (member === undefined || member.port === 0) return
    if (!atOnce && now < peer.dialAt) return
    peer.state = 'dialling'
    this.#perform({ type: 'connect', node: id, host: member.host, port: member.port })
  }

  /** Nobody is connected: members that are known, and the addresses that the user gave. */
  anybody(now: Instant): void {
    for (const member of this.#cluster.members().slice(0, dialledAtOnceMax)) {
      this.dial(now, member.id)
    }
    if (this.#seeking || now < this.#seekAt) return
    this.#seeking = true
    this.#perform({ type: 'seek' })
  }

  connected(): void {
    this.#seeking = false
    this.#seekFailures = 0
  }

  /** A seek ended and no address answered: the next one waits a little longer. */
  sought(now: Instant): void {
    this.#seeking = false
    this.#seekAt = after(now, this.#peers.jittered(this.#seekFailures++))
  }
}

const dialledAtOnceMax = 16
