/**
 * Luck without a stream: a draw is a hash of (seed, purpose, entity, index), so that leaving one
 * fault out of a run leaves every other draw as it was. Shrinking depends on it. Integers only,
 * and tables for the two long-tailed distributions: logarithms differ between engines.
 */

/** The draws of one purpose for one entity, by index. */
export class Draw {
  readonly #base: number
  readonly #twist: number
  #index = 0

  constructor(base: number, twist: number) {
    this.#base = base
    this.#twist = twist
  }

  /** 32 bits. */
  next(): number {
    const index = this.#index++
    return mix(mix(this.#base ^ Math.imul(index, 0x9e3779b1)) ^ this.#twist)
  }

  /** An integer from 0 to below `bound`, which is at most 2^21. */
  below(bound: number): number {
    return Math.floor((this.next() * bound) / 0x1_0000_0000)
  }

  /** An integer from `low` to `high`, both included; they may be 2^53 apart at most by 2^21. */
  between(low: number, high: number): number {
    return low + Math.floor((this.next() / 0x1_0000_0000) * (high - low + 1))
  }

  /** True in so many of a thousand cases. */
  permille(chance: number): boolean {
    return this.below(1000) < chance
  }

  pick<Item>(items: readonly Item[]): Item {
    return items[this.below(items.length)] as Item
  }

  /** A new array in a drawn order. */
  shuffled<Item>(items: readonly Item[]): Item[] {
    const out = [...items]
    for (let i = out.length - 1; i > 0; i--) {
      const j = this.below(i + 1)
      const item = out[i] as Item
      out[i] = out[j] as Item
      out[j] = item
    }
    return out
  }

  /** Exponentially distributed with this mean, at most 8.3 times of it. */
  exponential(mean: number): number {
    return Math.floor((mean * (exponentialTable[this.below(1024)] as number)) / 1024)
  }

  /** Pareto-distributed from `least` up to a thousand times of it: mostly near, seldom far. */
  pareto(least: number): number {
    return Math.floor(least * (1024 / (1 + this.below(1024))))
  }

  /** So many random bytes as a binary string. */
  bytes(count: number): string {
    let text = ''
    while (text.length < count) {
      const word = this.next()
      text += String.fromCharCode(word >>> 24, (word >>> 16) & 255, (word >>> 8) & 255, word & 255)
    }
    return text.slice(0, count)
  }
}

export class Draws {
  readonly #seed: number

  constructor(seed: number) {
    this.#seed = mix(seed ^ mix(Math.floor(seed / 0x1_0000_0000) + 0x51ed27))
  }

  /** The draws of a purpose for an entity; asked for twice they begin anew. */
  of(purpose: string, entity = ''): Draw {
    const base = mix(this.#seed ^ hashOf(purpose, 0x811c9dc5))
    return new Draw(mix(base ^ hashOf(entity, 0x01000193)), hashOf(entity + purpose, base))
  }
}

/** MurmurHash3's finalizer: every bit of the input changes half of the output's. */
function mix(word: number): number {
  let h = word | 0
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}

function hashOf(text: string, start: number): number {
  let h = start
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193)
  return mix(h)
}

/**
 * -ln((i + 0.5) / 1024) × 1024, for i from 0 to 1023, in integer steps: the harmonic sum
 * ln(a / b) = Σ 1/k is exact enough and the same everywhere.
 */
const exponentialTable: readonly number[] = tableOfExponential()

function tableOfExponential(): number[] {
  const table = new Array<number>(1024)
  let sum = 0
  for (let i = 1023; i >= 0; i--) {
    sum += 1 / (i + 1)
    table[i] = Math.floor((sum - 0.5 / (i + 1)) * 1024)
  }
  return table
}
