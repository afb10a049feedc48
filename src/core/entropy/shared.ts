/** The partitions that two members both own: all that they compare. */
import type { NodeId, Token } from '../ids.ts'
import type { Ring } from '../ring/claim.ts'
import type { RowKey } from '../step.ts'
import { placeOf, prefixOf, rowsOf } from './node.ts'

export class Shared {
  /** Bits of a partition's name. */
  readonly bits: number
  readonly #partitions = new Set<number>()

  constructor(ring: Ring, a: NodeId, b: NodeId) {
    this.bits = 31 - Math.clz32(ring.partitions)
    for (const [partition, list] of ring.lists.entries()) {
      if (list.includes(a) && list.includes(b)) this.#partitions.add(partition)
    }
  }

  get none(): boolean {
    return this.#partitions.size === 0
  }

  has = (partition: number): boolean => this.#partitions.has(partition)

  holds(token: Token): boolean {
    return this.has(prefixOf(placeOf(token), this.bits))
  }

  /** Where the first shared partition behind this one begins; undefined: there is none. */
  behind(partition: number): RowKey | undefined {
    for (let next = partition + 1; next < 2 ** this.bits; next++) {
      if (this.has(next)) return rowsOf(this.bits, next).from
    }
    return undefined
  }

  /** Is some of this node shared? */
  meets(level: number, prefix: number): boolean {
    if (level >= this.bits) return this.has(Math.floor(prefix / 2 ** (level - this.bits)))
    const width = 2 ** (this.bits - level)
    for (let i = prefix * width; i < (prefix + 1) * width; i++) if (this.has(i)) return true
    return false
  }

  /** Prefixes of those of a node's children, `step` bits deeper, that are shared at all. */
  children(level: number, prefix: number, step: number): readonly number[] {
    const width = 2 ** step
    const all = Array.from({ length: width }, (_, i) => prefix * width + i)
    return level >= this.bits ? all : all.filter(child => this.meets(level + step, child))
  }
}

/** The same of this ring, found once. */
export function sharedOf(ring: Ring, a: NodeId, b: NodeId): Shared {
  const pairs = found.get(ring) ?? new Map<string, Shared>()
  found.set(ring, pairs)
  const shared = pairs.get(`${a} ${b}`) ?? new Shared(ring, a, b)
  pairs.set(`${a} ${b}`, shared)
  return shared
}

const found = new WeakMap<Ring, Map<string, Shared>>()
