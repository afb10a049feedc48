/**
 * The leaves of one partition's subtree: a sum of item digests and a count for each, in one
 * array of 12 bytes a leaf. All levels above are sums of these, added up where they are asked
 * for. The number of leaves follows the number of keys: 3 to 12 a leaf.
 */
import { readUint8, readUint32, writeUint8, writeUint32 } from '../big-endian.ts'
import type { Hash } from '../hash.ts'
import type { Change } from './change.ts'
import { prefixOf } from './node.ts'
import { addItem, addSum, countAt, sumWords, takeItem, takeSum } from './sum.ts'

/** Leaves that are stored in one row. */
export const blockLeaves = 256

export class Leaves {
  /** The bits below the partition that a leaf is named by. */
  readonly depth: number
  /** The level of the leaves, from the token's top. */
  readonly level: number
  readonly #sums: Uint32Array
  readonly #first: number
  /** The sum of all leaves. */
  readonly #total = new Uint32Array(sumWords)

  /** `partition` is named by the token's top `bits`. */
  constructor(partition: number, bits: number, depth: number) {
    this.depth = depth
    this.level = bits + depth
    this.#first = partition * 2 ** depth
    this.#sums = new Uint32Array(sumWords * 2 ** depth)
  }

  /** How many keys are counted. */
  get count(): number {
    return countAt(this.#total, 0)
  }

  get blocks(): number {
    return Math.max(1, 2 ** this.depth / blockLeaves)
  }

  /** The leaf of a place in this partition, from 0. */
  leafOf(place: number): number {
    return prefixOf(place, this.level) - this.#first
  }

  blockOf(place: number): number {
    return Math.floor(this.leafOf(place) / blockLeaves)
  }

  /** A block's node: all its leaves are below it. */
  nodeOfBlock(block: number): { readonly level: number; readonly prefix: number } {
    const level = this.level - Math.min(this.depth, blockBits)
    return { level, prefix: this.#first / Math.min(2 ** this.depth, blockLeaves) + block }
  }

  /** An item changes its digest; '' is none. */
  change(place: number, before: string, after: string): void {
    const at = sumWords * this.leafOf(place)
    takeItem(this.#sums, at, before)
    addItem(this.#sums, at, after)
    takeItem(this.#total, 0, before)
    addItem(this.#total, 0, after)
  }

  /** Adds the sum of the node of this level and prefix, which is this partition or a part of it. */
  addTo(into: Uint32Array, at: number, level: number, prefix: number): void {
    const width = 2 ** (this.level - level)
    if (width >= 2 ** this.depth) return addSum(into, at, this.#total, 0)
    const from = prefix * width - this.#first
    for (let leaf = from; leaf < from + width; leaf++) addSum(into, at, this.#sums, sumWords * leaf)
  }

  /** How many leaves have another sum, of the same partition; another depth is one at least. */
  differing(other: Leaves): number {
    if (this.depth !== other.depth) return isSame(this.#total, other.#total, 0) ? 0 : 1
    let leaves = 0
    for (let at = 0; at < this.#sums.length; at += sumWords) {
      if (!isSame(this.#sums, other.#sums, at)) leaves++
    }
    return leaves === 0 && !isSame(this.#total, other.#total, 0) ? 1 : leaves
  }

  /** Nothing is counted in these leaves any more: they are counted anew. */
  clear(from: number, to: number): void {
    for (let leaf = from; leaf < to; leaf++) takeSum(this.#total, 0, this.#sums, sumWords * leaf)
    this.#sums.fill(0, sumWords * from, sumWords * to)
  }

  /**
   * A block's bytes once these changes of the partition are durable: CRC-32 4 ‖ format 1 ‖
   * depth 1 ‖ sums.
   */
  encode(hash: Hash, block: number, changes: readonly Change[]): Uint8Array {
    const leaf = block * blockLeaves
    const sums = this.#sums.slice(sumWords * leaf, sumWords * (leaf + blockLeaves))
    for (const { place, before, after } of changes) {
      if (this.blockOf(place) !== block) continue
      const at = sumWords * (this.leafOf(place) - leaf)
      takeItem(sums, at, before ?? '')
      addItem(sums, at, after)
    }
    const bytes = new Uint8Array(HEADER + 4 * sums.length)
    let at = writeUint8(bytes, writeUint8(bytes, 4, FORMAT), this.depth)
    for (const word of sums) at = writeUint32(bytes, at, word)
    writeUint32(bytes, 0, hash.crc32(bytes.subarray(4)))
    return bytes
  }

  /** Takes a block's sums from its sound row; false where it was written for another depth. */
  decode(block: number, bytes: Uint8Array): boolean {
    const words = sumWords * Math.min(blockLeaves, 2 ** this.depth)
    if (readUint8(bytes, 5) !== this.depth || block >= this.blocks) return false
    if (bytes.length !== HEADER + 4 * words) return false
    const from = sumWords * block * blockLeaves
    for (let i = 0; i < words; i++) this.#sums[from + i] = readUint32(bytes, HEADER + 4 * i)
    for (let i = 0; i < words; i += sumWords) addSum(this.#total, 0, this.#sums, from + i)
    return true
  }
}

function isSame(a: Uint32Array, b: Uint32Array, at: number): boolean {
  return a[at] === b[at] && a[at + 1] === b[at + 1] && a[at + 2] === b[at + 2]
}

/** The depth that a block's row was written for; undefined where it is damaged. */
export function depthIn(hash: Hash, bytes: Uint8Array): number | undefined {
  if (bytes.length < HEADER || readUint32(bytes, 0) !== hash.crc32(bytes.subarray(4)))
    return undefined
  return readUint8(bytes, 4) === FORMAT ? readUint8(bytes, 5) : undefined
}

/** The depth at which so many keys are 3 to 12 a leaf. */
export function depthFor(count: number, now = depthMin): number {
  const roomy = count <= keysPerLeafMax * 2 ** now
  if (roomy && (now === depthMin || count * keysPerLeafMin >= 2 ** now)) return now
  let depth = depthMin
  while (count > keysPerLeafMax * 2 ** depth && depth < depthMax) depth += depthStep
  return depth
}

const FORMAT = 1
const HEADER = 6
const blockBits = 8
/** 4 to 2^28 leaves, in steps of four times as many. */
export const depthMin = 2
const depthMax = 28
const depthStep = 2
const keysPerLeafMax = 12
/** Fewer than one key in two leaves: there are far too many. */
const keysPerLeafMin = 2
