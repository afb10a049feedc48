/**
 * The reader: typed fields straight from the bytes that `scan` has passed, in one go, without
 * an array of unknown values between (`bench/wire.ts`).
 * Each field is checked for type and range as it is read, and this is where ids get their
 * brands. All that it returns is a copy: a message keeps no chunk alive and does not change
 * when the chunk is used again.
 */
import { binaryOf } from '../core/binary.ts'
import { type Epoch, type Key, keyOf, type NodeId, nodeIdOf } from '../core/ids.ts'
import { scan } from './scan.ts'

/** A message that is none. The reason never holds the sender's bytes. */
export type Malformed = { readonly malformed: string }

/** Scans bytes[from..to), then reads one message of them. */
export function readMessage<Message extends object>(
  bytes: Uint8Array,
  from: number,
  to: number,
  read: (reader: Reader) => Message,
): Message | Malformed {
  const fault = scan(bytes, from, to)
  if (fault !== undefined) return { malformed: fault }
  try {
    return read(new Reader(bytes, from))
  } catch (error) {
    if (error instanceof Refusal) return { malformed: error.message }
    throw error
  }
}

export function isMalformed(message: object): message is Malformed {
  return 'malformed' in message
}

export class Reader {
  readonly #bytes: Uint8Array
  #at: number

  constructor(bytes: Uint8Array, from: number) {
    this.#bytes = bytes
    this.#at = from
  }

  /** The fields of an array with exactly so many. */
  array(arity: number): void {
    if (this.count(arity) !== arity) this.refuse('an array of another length')
  }

  /** The length of an array; that many values follow. */
  count(max: number): number {
    const head = this.#byte()
    let count: number
    if (head >= 0x90 && head < 0xa0) count = head & 15
    else if (head === 0xdc) count = this.#uint(2)
    else if (head === 0xdd) count = this.#uint(4)
    else return this.refuse('an array is wanted')
    return count <= max ? count : this.refuse(`an array of more than ${max}`)
  }

  /** An array of values of one kind. */
  list<Item>(read: (reader: Reader) => Item, max: number): Item[] {
    const count = this.count(max)
    // As many as there are: a list that grows from nothing takes room for 17.
    const items = new Array<Item>(count)
    for (let i = 0; i < count; i++) items[i] = read(this)
    return items
  }

  /** nil or a value. */
  optional<Value>(read: (reader: Reader) => Value): Value | undefined {
    if (this.#bytes[this.#at] !== 0xc0) return read(this)
    this.#at++
    return undefined
  }

  /** A whole number from 0. Floats are refused even where they are whole. */
  uint(max = Number.MAX_SAFE_INTEGER): number {
    const head = this.#byte()
    const value = head < 0x80 ? head : this.#wideUint(head)
    return value <= max ? value : this.refuse(`a number above ${max}`)
  }

  boolean(): boolean {
    const head = this.#byte()
    if (head !== 0xc2 && head !== 0xc3) this.refuse('a boolean is wanted')
    return head === 0xc3
  }

  /** Bytes of their own. */
  bytes(max = Number.MAX_SAFE_INTEGER): Uint8Array {
    const length = this.#binLength(0, max)
    const from = this.#at
    this.#at += length
    return copyOf(this.#bytes, from, this.#at)
  }

  /** bin as a binary string. */
  binary(min: number, max: number): string {
    const length = this.#binLength(min, max)
    const from = this.#at
    this.#at += length
    return binaryAt(this.#bytes, from, this.#at)
  }

  /** Printable ASCII. */
  text(max: number): string {
    const head = this.#byte()
    let length: number
    if (head >= 0xa0 && head < 0xc0) length = head & 31
    else if (head >= 0xd9 && head <= 0xdb) length = this.#uint(1 << (head - 0xd9))
    else return this.refuse('text is wanted')
    if (length > max) this.refuse(`text of more than ${max} bytes`)
    const from = this.#at
    this.#at += length
    for (let at = from; at < this.#at; at++) {
      const code = this.#bytes[at] ?? 0
      if (code < 0x20 || code === 0x7f) this.refuse('text with a control character')
    }
    return binaryAt(this.#bytes, from, this.#at)
  }

  /** An id of a fixed number of bytes. */
  id<Id extends string>(bytes: number): Id {
    return this.binary(bytes, bytes) as Id
  }

  key(): Key {
    return keyOf(this.binary(0, Number.MAX_SAFE_INTEGER)) ?? this.refuse('a key of wrong length')
  }

  /** A node's name. The few that a process hears are kept: most reads make and check nothing. */
  node(): NodeId {
    const from = this.#at
    const head = this.#bytes[from] ?? 0
    const slot = ((this.#bytes[from + (head & 31)] ?? 0) * 7 + head) & (names.length - 1)
    const known = names[slot]
    if (known !== undefined && head === (0xa0 | known.length) && this.#spells(from + 1, known)) {
      this.#at += 1 + known.length
      return known
    }
    const node = nodeIdOf(this.text(32)) ?? this.refuse('a name that no node has')
    if (node.length < 32) names[slot] = node
    return node
  }

  /** An epoch: nearly always the one of the message before. */
  epoch(): Epoch {
    const from = this.#at
    if (this.#bytes[from] === 0xc4 && this.#bytes[from + 1] === 8) {
      if (this.#spells(from + 2, lastEpoch)) {
        this.#at += 10
        return lastEpoch
      }
    }
    lastEpoch = this.id(8)
    return lastEpoch
  }

  /** One of the given texts. */
  oneOf<Text extends string>(texts: readonly Text[]): Text {
    const text = this.text(64)
    return texts.find(one => one === text) ?? this.refuse('a word that is not known here')
  }

  /** Gives the message up. */
  refuse(reason: string): never {
    throw new Refusal(reason)
  }

  #spells(from: number, text: string): boolean {
    for (let i = 0; i < text.length; i++) {
      if (this.#bytes[from + i] !== text.charCodeAt(i)) return false
    }
    return true
  }

  #byte(): number {
    return this.#bytes[this.#at++] ?? 0xc1
  }

  #uint(width: number): number {
    let value = 0
    for (let i = 0; i < width; i++) value = value * 256 + this.#byte()
    return value
  }

  /** Of 1 to 8 bytes; above 2^53 it is inexact, and above every bound. */
  #wideUint(head: number): number {
    if (head >= 0xcc && head <= 0xcf) return this.#uint(1 << (head - 0xcc))
    const width = 1 << (head - 0xd0)
    if (head < 0xd0 || head > 0xd3) return this.refuse('a whole number is wanted')
    if ((this.#bytes[this.#at] ?? 0x80) >= 0x80) this.refuse('a number below 0')
    return this.#uint(width)
  }

  #binLength(min: number, max: number): number {
    const head = this.#byte()
    if (head < 0xc4 || head > 0xc6) this.refuse('bytes are wanted')
    const length = this.#uint(1 << (head - 0xc4))
    if (length < min || length > max) this.refuse('bytes of a wrong length')
    return length
  }
}

class Refusal extends Error {}

/** Faster than `binaryOf` for what is short, as ids and most keys are: no view is made. */
function binaryAt(bytes: Uint8Array, from: number, to: number): string {
  const codes = scratch[to - from]
  if (codes === undefined) return binaryOf(bytes, from, to)
  for (let at = from, i = 0; at < to; at++, i++) codes[i] = bytes[at] ?? 0
  return String.fromCharCode.apply(null, codes)
}

/**
 * A copy that nobody writes again. An array of its own above 64 bytes costs V8 a call of malloc
 * and more to collect, so short values are cut from a small slab, as Node's buffers are.
 */
function copyOf(bytes: Uint8Array, from: number, to: number): Uint8Array {
  const length = to - from
  if (length <= heapBytesMax || length > cutBytesMax) {
    const copy = new Uint8Array(length)
    if (length > heapBytesMax) copy.set(bytes.subarray(from, to))
    else for (let at = from, i = 0; at < to; at++, i++) copy[i] = bytes[at] ?? 0
    return copy
  }
  if (slabAt + length > slab.length) {
    slab = new Uint8Array(slabBytes)
    slabAt = 0
  }
  const begin = slabAt
  slabAt += length
  if (length > loopBytesMax) slab.set(bytes.subarray(from, to), begin)
  else for (let at = from, i = begin; at < to; at++, i++) slab[i] = bytes[at] ?? 0
  return slab.subarray(begin, slabAt)
}

/** V8 keeps typed arrays up to here in its own heap. */
const heapBytesMax = 64
const cutBytesMax = 1024
const loopBytesMax = 256
const slabBytes = 8192
let slab = new Uint8Array(0)
let slabAt = 0

/** Names of nodes by a few of their bits; a newer one takes the slot. */
const names: (NodeId | undefined)[] = Array.from({ length: 256 }, () => undefined)
let lastEpoch = '\0'.repeat(8) as Epoch

/** One array for each length up to 64. */
const scratch: readonly number[][] = Array.from({ length: 65 }, (_, length) =>
  Array.from({ length }, () => 0),
)
