/**
 * The subtrees of all partitions: leaves, from which the sum of any node of the tree is added up
 * (design §6.3). A node below the leaves is counted where it is asked for.
 */
import { depthMin, Leaves } from './leaves.ts'
import { levelMax } from './node.ts'
import type { Counter } from './rebuild.ts'

export class Subtrees {
  readonly #bits: number
  readonly #counter: Counter
  readonly #leaves = new Map<number, Leaves>()

  /** `bits` name a partition. */
  constructor(bits: number, counter: Counter) {
    this.#bits = bits
    this.#counter = counter
  }

  get all(): Iterable<readonly [number, Leaves]> {
    return this.#leaves
  }

  get(partition: number): Leaves | undefined {
    return this.#leaves.get(partition)
  }

  has(partition: number): boolean {
    return this.#leaves.has(partition)
  }

  set(partition: number, leaves: Leaves): void {
    this.#leaves.set(partition, leaves)
  }

  /** The leaves of a partition, which has some from now on. */
  of(partition: number): Leaves {
    let leaves = this.#leaves.get(partition)
    if (leaves === undefined) {
      leaves = new Leaves(partition, this.#bits, depthMin)
      this.#leaves.set(partition, leaves)
    }
    return leaves
  }

  /** The level of a partition's leaves: below it each sum is a search of the store. */
  levelOf(partition: number): number {
    return this.#leaves.get(partition)?.level ?? levelMax
  }

  /** Adds the durable sum of the node to the sum at a word; `of`: only these partitions. */
  addTo(
    into: Uint32Array,
    at: number,
    level: number,
    prefix: number,
    of: (partition: number) => boolean,
  ): void {
    if (level < this.#bits) {
      const width = 2 ** (this.#bits - level)
      for (let partition = prefix * width; partition < (prefix + 1) * width; partition++) {
        if (of(partition)) this.#leaves.get(partition)?.addTo(into, at, this.#bits, partition)
      }
      return
    }
    const partition = Math.floor(prefix / 2 ** (level - this.#bits))
    const leaves = of(partition) ? this.#leaves.get(partition) : undefined
    if (leaves === undefined) return
    if (level <= leaves.level) return leaves.addTo(into, at, level, prefix)
    const below = new Leaves(prefix, level, 0)
    this.#counter.count(below, level, prefix)
    below.addTo(into, at, level, prefix)
  }
}
