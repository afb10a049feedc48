/**
 * The writer: msgpack by hand, because it costs a quarter of a general packer
 * (`bench/wire.ts`) and gives each value one form only. An integer is never written as a float,
 * whatever its size. A `Writer` is one growing buffer; frames are appended to it one behind
 * the other and leave together, so a turn's messages cost one write to the socket.
 */
import { mutant } from '#mutants'
import { assert } from '../core/assert.ts'
import { writeBinary } from '../core/binary.ts'

export class Writer {
  #bytes = new Uint8Array(0)
  #at = 0
  /** Where what was not taken yet begins. */
  #from = 0
  /** Most bytes that one `take` gave lately: the size of the next buffer follows it. */
  #usual = slabBytesMin

  /** Bytes written and not taken. */
  get length(): number {
    return this.#at - this.#from
  }

  /** What was written since the last `take`. The bytes are never written again. */
  take(): Uint8Array {
    const taken = this.#bytes.subarray(this.#from, this.#at)
    this.#from = this.#at
    this.#usual = Math.max(taken.length, Math.floor((this.#usual * 15) / 16))
    if (mutant(33)) {
      this.#from = 0
      this.#at = 0
    }
    if (this.#bytes.length > slabBytesMax) this.#letGo()
    return taken
  }

  /** Forgets what was written behind a `length` read earlier. */
  cut(length: number): void {
    this.#at = this.#from + length
    if (length === 0 && this.#bytes.length > slabBytesMax) this.#letGo()
  }

  /** Room for a frame's length; what it returns is for `endFrame`. */
  beginFrame(): number {
    this.#room(4)
    this.#at += 4
    return this.length
  }

  /** Writes the length of the frame that `beginFrame` began, and returns it. */
  endFrame(begin: number): number {
    const size = this.length - begin
    setUint(this.#bytes, this.#from + begin - 4, 4, size)
    return size
  }

  array(count: number): void {
    if (count < 16) this.#byte(0x90 | count)
    else if (count < 0x10000) this.#uint(0xdc, 2, count)
    else this.#uint(0xdd, 4, count)
  }

  /** A whole number from 0 to 2^53 - 1; anything else is a broken invariant of the sender. */
  uint(value: number): void {
    assert(Number.isSafeInteger(value) && value >= 0, 'a number on the wire is whole, from 0')
    if (value < 0x80) this.#byte(value)
    else if (value < 0x100) this.#uint(0xcc, 1, value)
    else if (value < 0x10000) this.#uint(0xcd, 2, value)
    else if (value < 0x1_0000_0000) this.#uint(0xce, 4, value)
    else this.#uint(0xcf, 8, value)
  }

  /** Milliseconds: fractions do not travel, and less than none is none. */
  milliseconds(value: number): void {
    this.uint(value > 0 ? Math.floor(value) : 0)
  }

  boolean(value: boolean): void {
    this.#byte(value ? 0xc3 : 0xc2)
  }

  nil(): void {
    this.#byte(0xc0)
  }

  /** Bytes, as msgpack bin. */
  bytes(value: Uint8Array): void {
    this.#binHeader(value.length)
    if (value.length <= loopBytesMax) {
      for (let i = 0; i < value.length; i++) this.#bytes[this.#at + i] = value[i] ?? 0
    } else this.#bytes.set(value, this.#at)
    this.#at += value.length
  }

  /** A binary string (`core/binary.ts`), as msgpack bin. */
  binary(value: string): void {
    this.#binHeader(value.length)
    this.#at = writeBinary(this.#bytes, this.#at, value)
  }

  /** Text for people, and names. What is not printable ASCII leaves as a question mark. */
  text(value: string): void {
    const length = value.length
    this.#room(length + 5)
    if (length < 32) this.#byte(0xa0 | length)
    else if (length < 0x100) this.#uint(0xd9, 1, length)
    else if (length < 0x10000) this.#uint(0xda, 2, length)
    else this.#uint(0xdb, 4, length)
    for (let i = 0; i < length; i++) {
      const code = value.charCodeAt(i)
      this.#bytes[this.#at + i] = code >= 0x20 && code < 0x7f ? code : 0x3f
    }
    this.#at += length
  }

  /** Bytes that are msgpack already, or no msgpack at all. */
  raw(value: Uint8Array): void {
    this.#room(value.length)
    this.#bytes.set(value, this.#at)
    this.#at += value.length
  }

  /** A large buffer is not kept for small messages. */
  #letGo(): void {
    this.#bytes = new Uint8Array(0)
    this.#from = 0
    this.#at = 0
  }

  #binHeader(length: number): void {
    this.#room(length + 5)
    if (length < 0x100) this.#uint(0xc4, 1, length)
    else if (length < 0x10000) this.#uint(0xc5, 2, length)
    else this.#uint(0xc6, 4, length)
  }

  #byte(value: number): void {
    if (this.#at === this.#bytes.length) this.#room(1)
    this.#bytes[this.#at++] = value
  }

  #uint(head: number, width: number, value: number): void {
    this.#room(9)
    this.#bytes[this.#at++] = head
    setUint(this.#bytes, this.#at, width, value)
    this.#at += width
  }

  /** Makes room for so many more bytes; what was taken stays behind in the old buffer. */
  #room(bytes: number): void {
    if (this.#at + bytes <= this.#bytes.length) return
    const length = this.length
    const usual = Math.min(2 * this.#usual, slabBytesMax)
    const grown = new Uint8Array(Math.max(usual, 2 * length, length + bytes))
    grown.set(this.#bytes.subarray(this.#from, this.#at))
    this.#bytes = grown
    this.#from = 0
    this.#at = length
  }
}

/** Writes a whole number big-endian. */
function setUint(bytes: Uint8Array, at: number, width: number, value: number): void {
  if (width === 8) {
    setUint(bytes, at, 4, Math.floor(value / 0x1_0000_0000))
    setUint(bytes, at + 4, 4, value % 0x1_0000_0000)
    return
  }
  for (let i = 0; i < width; i++) bytes[at + i] = value >>> (8 * (width - 1 - i))
}

const slabBytesMin = 2048
const slabBytesMax = 65_536
/** Up to here a loop is cheaper than a call of `set`. */
const loopBytesMax = 32
