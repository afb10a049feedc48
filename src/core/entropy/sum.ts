/**
 * Sums of item digests (antientropy §3.2): 64 bits as two sums modulo 2^32, with a count beside
 * them. A sum does not depend on order, an item added twice stays visible, and the sum of a node
 * is the sum of its children, so that one of them never has to be sent. No carry goes from one
 * half to the other: so any mixture of both halves adds up, too (`shortAt`).
 */

/** Words of one sum: the first half, the second half, how many items. */
export const sumWords = 3

/** Adds an item's digest (8 bytes, binary) to the sum at a word; '' is no item. */
export function addItem(sums: Uint32Array, at: number, digest: string): void {
  if (digest === '') return
  add(sums, at, firstOf(digest), secondOf(digest), 1)
}

/** Takes an item's digest away again. */
export function takeItem(sums: Uint32Array, at: number, digest: string): void {
  if (digest === '') return
  take(sums, at, firstOf(digest), secondOf(digest), 1)
}

/** Adds the sum at a word of `from`. */
export function addSum(sums: Uint32Array, at: number, from: Uint32Array, fromAt: number): void {
  add(sums, at, word(from, fromAt), word(from, fromAt + 1), word(from, fromAt + 2))
}

/** Takes away the sum at a word of `from`. */
export function takeSum(sums: Uint32Array, at: number, from: Uint32Array, fromAt: number): void {
  take(sums, at, word(from, fromAt), word(from, fromAt + 1), word(from, fromAt + 2))
}

export function isSameSum(a: Uint32Array, b: Uint32Array): boolean {
  return a[0] === b[0] && a[1] === b[1]
}

/** How many items the sum at a word has. */
export function countAt(sums: Uint32Array, at: number): number {
  return word(sums, at + 2)
}

/** The sum's 8 bytes, as a binary string. */
export function binaryOfSum(sums: Uint32Array): string {
  return binaryOfUint32(word(sums, 0)) + binaryOfUint32(word(sums, 1))
}

/**
 * 32 bits of the sum at a word, as a linear function that the salt picks: equal for equal sums,
 * added up where sums are, and another one in each pass, so that what it hides once it shows
 * the next time (antientropy §3.5).
 */
export function shortAt(sums: Uint32Array, at: number, salt: number): number {
  return (word(sums, at + 1) + Math.imul(salt, word(sums, at))) >>> 0
}

/** The same of an item's digest. */
export function shortOf(digest: string, salt: number): number {
  return (secondOf(digest) + Math.imul(salt, firstOf(digest))) >>> 0
}

function add(sums: Uint32Array, at: number, first: number, second: number, count: number): void {
  sums[at] = word(sums, at) + first
  sums[at + 1] = word(sums, at + 1) + second
  sums[at + 2] = word(sums, at + 2) + count
}

function take(sums: Uint32Array, at: number, first: number, second: number, count: number): void {
  sums[at] = word(sums, at) - first
  sums[at + 1] = word(sums, at + 1) - second
  sums[at + 2] = word(sums, at + 2) - count
}

function word(sums: Uint32Array, at: number): number {
  return sums[at] as number
}

function firstOf(digest: string): number {
  return uint32At(digest, 0)
}

function secondOf(digest: string): number {
  return uint32At(digest, 4)
}

function uint32At(binary: string, at: number): number {
  return (
    ((binary.charCodeAt(at) << 24) |
      (binary.charCodeAt(at + 1) << 16) |
      (binary.charCodeAt(at + 2) << 8) |
      binary.charCodeAt(at + 3)) >>>
    0
  )
}

function binaryOfUint32(value: number): string {
  return String.fromCharCode(value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255)
}
