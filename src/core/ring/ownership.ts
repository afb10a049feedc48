/** What a ring gives to each node, and what changes between two rings: for `kv ring` and joins. */
import type { NodeId } from '../ids.ts'
import type { Ring } from './claim.ts'
import { inOrder, type RingMember, sharesOf } from './shares.ts'

export type Ownership = {
  /** In order of node id. */
  readonly nodes: readonly NodeOwnership[]
  /** Replicas of the fullest node over the mean; 1 is even. Weights show in it. */
  readonly imbalance: number
  /** Highest of replicas / share: how full the fullest node is for its weight. */
  readonly fullest: number
}
type NodeOwnership = {
  readonly node: NodeId
  /** Partition replicas on this node's preference lists. */
  readonly replicas: number
  /** Of these the ones where it is the first choice. */
  readonly first: number
  /** Part of all partition replicas, 0 to 1. */
  readonly part: number
  /** Partition replicas that its weight (and zone) ask for; may have a fraction. */
  readonly share: number
}

/** `members` are those the ring was claimed for, in any order. */
export function ownershipOf(ring: Ring, members: readonly RingMember[]): Ownership {
  const sorted = inOrder(members)
  const replicas = ring.lists[0]?.length ?? 0
  const total = ring.partitions * replicas
  const shares = sharesOf(sorted, { partitions: ring.partitions, replicas, fallbacks: 0 })
  const counts = countsOf(ring)
  const nodes = sorted.map(({ id }, i) => {
    const { all, first } = counts.get(id) ?? { all: 0, first: 0 }
    const { parts, of } = shares[i] ?? { parts: 0, of: 1 }
    return { node: id, replicas: all, first, part: all / total, share: parts / of }
  })
  const mean = total / nodes.length
  return {
    nodes,
    imbalance: Math.max(...nodes.map(node => node.replicas)) / mean,
    fullest: Math.max(...nodes.map(node => node.replicas / node.share)),
  }
}

/** Partition replicas that a node of `after` holds and did not hold in `before`. */
export function movedReplicas(before: Ring, after: Ring): number {
  let moved = 0
  for (const [partition, list] of after.lists.entries()) {
    const held = before.lists[partition] ?? []
    for (const node of list) if (!held.includes(node)) moved++
  }
  return moved
}

function countsOf(ring: Ring): Map<NodeId, { all: number; first: number }> {
  const counts = new Map<NodeId, { all: number; first: number }>()
  for (const list of ring.lists) {
    for (const [choice, node] of list.entries()) {
      const count = counts.get(node) ?? { all: 0, first: 0 }
      count.all++
      if (choice === 0) count.first++
      counts.set(node, count)
    }
  }
  return counts
}
