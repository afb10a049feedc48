/**
 * With which members a store was equal in which partitions. Equal roots are sure at once. One
 * partition of a comparison that found a difference elsewhere is told by 32 bits, under a salt of
 * that comparison alone, so it takes two of them.
 */
import type { NodeId } from '../ids.ts'

export class Equal {
  readonly #times = new Map<NodeId, Map<number, number>>()

  has(node: NodeId, partition: number): boolean {
    return (this.#times.get(node)?.get(partition) ?? 0) >= sure
  }

  /** All of these were equal, but for `unequal`; undefined: the roots were. True if that helps. */
  add(
    node: NodeId,
    partitions: readonly number[],
    unequal: ReadonlySet<number> | undefined,
  ): boolean {
    const times = this.#times.get(node) ?? new Map<number, number>()
    this.#times.set(node, times)
    let helps = false
    for (const partition of partitions) {
      const before = times.get(partition) ?? 0
      if (before >= sure || unequal?.has(partition)) continue
      times.set(partition, unequal === undefined ? sure : before + 1)
      helps = true
    }
    return helps
  }

  clear(): void {
    this.#times.clear()
  }
}

const sure = 2
