/**
 * A sketch of a long vector of sums (antientropy §2, "Leaf-vector sketch"): two members each add
 * up theirs in a few cells; the difference of the cells names the places where the vectors
 * differ, as long as there are no more than two thirds as many as cells (an invertible Bloom
 * lookup table, Eppstein and others 2011, over a field instead of XOR). A leaf that differs is one
 * entry here, where a set of objects would have two.
 *
 *   cell: Σ x ‖ Σ i·x ‖ Σ c(i)·x   modulo 2^32 - 5, for each x at place i that falls into it
 */
import { readUint32, writeUint32 } from '../big-endian.ts'

/** An entry's place, and theirs less ours. */
export type Place = { readonly index: number; readonly difference: number }

export class Sketch {
  readonly cells: number
  readonly #salt: number
  readonly #sums: Float64Array

  constructor(cells: number, salt: number) {
    this.cells = cells
    this.#salt = salt
    this.#sums = new Float64Array(3 * cells)
  }

  /** `index`: below 2^20; `value`: 32 bits. */
  add(index: number, value: number): void {
    if (value !== 0) this.#addTo(index, value % FIELD)
  }

  encode(): Uint8Array {
    const bytes = new Uint8Array(4 * this.#sums.length)
    let at = 0
    for (const sum of this.#sums) at = writeUint32(bytes, at, sum)
    return bytes
  }

  /**
   * Where the vector of these cells, another member's, differs from ours, perhaps but for a few
   * that share all their cells; undefined where that cannot be said. `size`: of the vectors.
   */
  differences(theirs: Uint8Array, size: number): readonly Place[] | undefined {
    const rest = new Sketch(this.cells, this.#salt)
    for (let i = 0; i < this.#sums.length; i++) {
      const less = readUint32(theirs, 4 * i) - (this.#sums[i] as number)
      rest.#sums[i] = less < 0 ? less + FIELD : less
    }
    return rest.#peel(size)
  }

  /** Takes out entries that are alone in a cell, until nothing or next to nothing is left. */
  #peel(size: number): readonly Place[] | undefined {
    const places = new Map<number, Place>()
    const queue = Array.from({ length: this.cells }, (_, cell) => cell)
    for (let cell = queue.pop(); cell !== undefined; cell = queue.pop()) {
      const index = this.#aloneIn(cell, size)
      if (index === undefined) continue
      // No vector has two entries at one place.
      if (places.has(index)) return undefined
      const difference = this.#sums[3 * cell] as number
      this.#addTo(index, FIELD - difference)
      places.set(index, { index, difference })
      queue.push(...this.#cellsOf(index))
    }
    const left = this.#sums.filter(sum => sum !== 0).length
    return left <= places.size / leftPart ? [...places.values()] : undefined
  }

  /** The place of the only entry in a cell; undefined where there are none or several. */
  #aloneIn(cell: number, size: number): number | undefined {
    const x = this.#sums[3 * cell] as number
    if (x === 0) return undefined
    const index = product(this.#sums[3 * cell + 1] as number, inverse(x))
    if (index >= size || !this.#cellsOf(index).includes(cell)) return undefined
    const checked = (checkOf(index, this.#salt) * x) % FIELD
    return checked === this.#sums[3 * cell + 2] ? index : undefined
  }

  #addTo(index: number, x: number): void {
    const terms = [x, (index * x) % FIELD, (checkOf(index, this.#salt) * x) % FIELD]
    for (const cell of this.#cellsOf(index)) {
      for (let i = 0; i < 3; i++) {
        const sum = (this.#sums[3 * cell + i] as number) + (terms[i] as number)
        this.#sums[3 * cell + i] = sum >= FIELD ? sum - FIELD : sum
      }
    }
  }

  /** Three cells, one in each third. */
  #cellsOf(index: number): readonly [number, number, number] {
    const third = this.cells / 3
    const a = mixed(index + this.#salt)
    const b = mixed(a + 1)
    return [a % third, third + (b % third), 2 * third + (mixed(b + 1) % third)]
  }
}

/** As many cells as tell so many differences apart; a multiple of three. */
export function cellsFor(differences: number): number {
  return 3 * Math.ceil((1.45 * differences + 24) / 3)
}

export const cellBytes = 12
/** Two entries that share three cells leave nine sums. */
const leftPart = 5
/** A prime just below 2^32. */
export const FIELD = 2 ** 32 - 5

/** 1 to 2^20, so that its product with 32 bits is exact. */
function checkOf(index: number, salt: number): number {
  return (mixed(index ^ Math.imul(salt, 0x9e3779b1)) & 0xfffff) + 1
}

function mixed(value: number): number {
  let bits = value | 0
  bits = Math.imul(bits ^ (bits >>> 16), 0x7feb352d)
  bits = Math.imul(bits ^ (bits >>> 15), 0x846ca68b)
  return (bits ^ (bits >>> 16)) >>> 0
}

/** a·b in the field, by halves of a: every step is below 2^53. */
function product(a: number, b: number): number {
  const high = (Math.floor(a / 65_536) * b) % FIELD
  return (high * 65_536 + (a % 65_536) * b) % FIELD
}

/** By Euclid. */
function inverse(value: number): number {
  let [a, b] = [value, FIELD]
  let [x, y] = [1, 0]
  while (a > 1) {
    const quotient = Math.floor(b / a)
    ;[a, b] = [b - quotient * a, a]
    ;[x, y] = [y - quotient * x, x]
  }
  return ((x % FIELD) + FIELD) % FIELD
}
