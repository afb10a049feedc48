/**
 * Whom a call is sent to. A key's own replicas come first, then the nodes that stand in for
 * them, then anybody, who forwards; nobody waits for a node that is not connected while another
 * one is, nor for one that has gone silent. Nodes that were asked before come last, and one that
 * still owes an answer never.
 */
import type { Instant, NodeId } from '../ids.ts'
import type { Call } from './call.ts'
import type { KnownCluster } from './known-cluster.ts'
import type { Peers } from './peers.ts'

/** The node to ask now; undefined where none is left. */
export function nodeFor(
  now: Instant,
  call: Call,
  cluster: KnownCluster,
  peers: Peers,
): NodeId | undefined {
  const isIdle = (id: NodeId) => !call.open.some(one => one.node === id)
  if (call.via !== undefined) {
    return peers.isConnected(call.via) && isIdle(call.via) ? call.via : undefined
  }
  const isUnasked = (id: NodeId) => !call.asked.includes(id)
  const near = nearby(call, cluster)
  return (
    firstFit(now, near, peers, isUnasked, false) ??
    peers.choose(now, peers.connected(), isUnasked) ??
    firstFit(now, near, peers, isUnasked, true) ??
    peers.choose(now, peers.connected(), isUnasked, true) ??
    firstFit(now, near, peers, isIdle, true) ??
    peers.choose(now, peers.connected(), isIdle, true)
  )
}

/** Is there a node that may do better than those that were asked? */
export function hasOthersToAsk(call: Call, cluster: KnownCluster, peers: Peers): boolean {
  if (call.via !== undefined) return false
  const tiers = nearby(call, cluster)
  const candidates = tiers.length > 0 ? tiers.flat() : peers.connected()
  return candidates.some(id => peers.isConnected(id) && !call.asked.includes(id))
}

/** The preference list of the call's key and its fallbacks; empty where it has no key. */
function nearby(call: Call, cluster: KnownCluster): readonly (readonly NodeId[])[] {
  if (call.partition === undefined) return []
  return [cluster.preferenceList(call.partition), cluster.fallbacks(call.partition)]
}

function firstFit(
  now: Instant,
  tiers: readonly (readonly NodeId[])[],
  peers: Peers,
  passes: (id: NodeId) => boolean,
  evenSilent: boolean,
): NodeId | undefined {
  for (const tier of tiers) {
    const node = peers.choose(now, tier, passes, evenSilent)
    if (node !== undefined) return node
  }
  return undefined
}
