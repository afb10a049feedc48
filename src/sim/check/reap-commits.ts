/** Which partitions a commit says that its node reaped: those whose state counts further. */
import type { NodeId, Partition } from '../../core/ids.ts'
import {
  decodeState,
  isStateRow,
  partitionOfRow,
  partitionRows,
} from '../../core/reaping/partition-rows.ts'
import type { Row } from '../../core/step.ts'
import { simHash } from '../hash.ts'

export class ReapCommits {
  readonly #reaped = new Map<NodeId, Map<Partition, number>>()

  /** The rows of one commit, in the order of commits. */
  take(node: NodeId, rows: readonly Row[]): ReadonlySet<Partition> {
    const reaps = new Set<Partition>()
    const before = this.#reaped.get(node) ?? new Map<Partition, number>()
    this.#reaped.set(node, before)
    for (const { key, value } of rows) {
      if (key < partitionRows.from || key > partitionRows.to || !isStateRow(key)) continue
      const partition = partitionOfRow(key)
      const reaped = (value && decodeState(simHash, value)?.reaped) ?? 0
      if (reaped > (before.get(partition) ?? 0)) reaps.add(partition)
      before.set(partition, reaped)
    }
    return reaps
  }

  /** Its disk was replaced: an older copy of a directory reaps once more what the newer one had. */
  forget(node: NodeId): void {
    this.#reaped.delete(node)
  }
}
