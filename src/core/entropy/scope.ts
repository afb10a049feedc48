/**
 * A part of what two members share: some partitions, and within them some tokens. What an
 * operator wants compared (`kv repair --range`); continuous exchange compares all.
 */
import { binaryOfUint48 } from '../binary.ts'
import type { Token } from '../ids.ts'
import { levelMax, placeOf, prefixOf } from './node.ts'

/** Tokens from the first to the last, both included; the first is not behind the last. */
export type TokenRange = { readonly first: Token; readonly last: Token }

export class Scope {
  readonly #bits: number
  readonly #partitions: ReadonlySet<number>
  readonly #ranges: readonly TokenRange[]

  /** `bits` name a partition. */
  constructor(bits: number, partitions: ReadonlySet<number>, ranges: readonly TokenRange[]) {
    this.#bits = bits
    this.#partitions = partitions
    this.#ranges = ranges
  }

  holds(token: Token): boolean {
    if (!this.#partitions.has(prefixOf(placeOf(token), this.#bits))) return false
    return this.#ranges.some(({ first, last }) => first <= token && token <= last)
  }

  /** Is some of this node in it? */
  meets(level: number, prefix: number): boolean {
    if (!this.#ranges.some(range => meets(range, level, prefix))) return false
    if (level >= this.#bits) return this.#partitions.has(this.#partitionOf(level, prefix))
    for (const partition of this.#partitions) {
      if (Math.floor(partition / 2 ** (this.#bits - level)) === prefix) return true
    }
    return false
  }

  /** Is all of this node in it? */
  encloses(level: number, prefix: number): boolean {
    if (level < this.#bits || !this.#partitions.has(this.#partitionOf(level, prefix))) return false
    return this.#ranges.some(range => encloses(range, level, prefix))
  }

  #partitionOf(level: number, prefix: number): number {
    return Math.floor(prefix / 2 ** (level - this.#bits))
  }
}

/** Partitions, each named by so many bits, that some of these tokens are in; ascending. */
export function partitionsIn(ranges: readonly TokenRange[], bits: number): readonly number[] {
  const found = new Set<number>()
  for (const { first, last } of ranges) {
    const end = prefixOf(placeOf(last), bits)
    for (let at = prefixOf(placeOf(first), bits); at <= end; at++) found.add(at)
  }
  return [...found].sort((a, b) => a - b)
}

function meets({ first, last }: TokenRange, level: number, prefix: number): boolean {
  const width = 2 ** (levelMax - level)
  return placeOf(first) < (prefix + 1) * width && placeOf(last) >= prefix * width
}

/** Below the level of nodes, tokens are told apart by themselves. */
function encloses({ first, last }: TokenRange, level: number, prefix: number): boolean {
  const width = 2 ** (levelMax - level)
  const isFrom = first <= tokenAt(prefix * width, '\x00')
  return isFrom && last >= tokenAt((prefix + 1) * width - 1, '\xff')
}

/** The token at a place, its last two bytes filled. */
function tokenAt(place: number, fill: string): string {
  return binaryOfUint48(place) + fill + fill
}
