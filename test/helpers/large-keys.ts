/** A cluster with a key that its three sides made too large to be sent, among others that are not. */
import type { NodeId } from '../../src/core/ids.ts'
import { live, TestCluster, valuesOf } from './replicas.ts'

const large = 'v'.repeat(5000)

/** Three sides of a split write to one key, each more than a frame holds. */
export function torn(partitions = 16): TestCluster {
  const cluster = new TestCluster(3, { fallbacks: 0, partitions })
  live(cluster, 3000)
  for (let i = 0; i < 40; i++) cluster.call('n1', cluster.put(`key-${i}`, `${i}`))
  live(cluster, 11_000)
  for (const { id } of cluster.nodes) {
    for (let i = 0; i < 4; i++) {
      cluster.ask(id, cluster.put('large', large + id, { w: 1 }))
      for (const node of cluster.nodes) node.flush()
      cluster.letters.splice(0)
    }
  }
  // Puts make half a frame at most: each side is what a split within it left.
  cluster.frameBytes = 16_384
  for (const node of cluster.nodes) node.restart()
  for (const node of cluster.nodes) {
    for (const { id } of cluster.nodes)
      if (id !== node.id) node.step({ type: 'connected', node: id })
  }
  return cluster
}

/** Its disk is lost, and everybody hears that it is another store. */
export function wipe(cluster: TestCluster, lost: NodeId): void {
  const node = cluster.node(lost)
  node.notes.length = 0
  node.wipe()
  for (const { id } of cluster.nodes) {
    if (id === lost) continue
    node.step({ type: 'connected', node: id })
    cluster.node(id).step({ type: 'disconnected', node: lost })
    cluster.node(id).step({ type: 'connected', node: lost })
  }
}

/** A node that lost its disk is refilled but for that key. */
function refill(): string {
  const cluster = torn()
  live(cluster, 20_000)
  wipe(cluster, 'n3' as NodeId)
  live(cluster, 40_000)
  return `${cluster.node('n3').objects} rows`
}

/** How many of the other keys it tells. */
export function others(cluster: TestCluster, at: string): number {
  let held = 0
  for (let i = 0; i < 40; i++) {
    const reply = cluster.call(at, cluster.get(`key-${i}`, 1))
    if (valuesOf(reply)[0] === `${i}`) held++
  }
  return held
}

export const scenarios = { refill }
