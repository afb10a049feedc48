/** Small numbers to bytes and back: what `exchange-message.ts` carries as `Uint8Array`. */
import { readUint32, writeUint32 } from '../big-endian.ts'
import { binaryOf, writeBinary } from '../binary.ts'

export class ByteWriter {
  #bytes = new Uint8Array(64)
  #at = 0

  get length(): number {
    return this.#at
  }

  byte(value: number): void {
    this.#room(1)
    this.#bytes[this.#at++] = value
  }

  uint32(value: number): void {
    this.#room(4)
    this.#at = writeUint32(this.#bytes, this.#at, value)
  }

  /** A whole number below 2^53: seven bits a byte, the low ones first. */
  varint(value: number): void {
    let rest = value
    while (rest >= 128) {
      this.byte((rest % 128) + 128)
      rest = Math.floor(rest / 128)
    }
    this.byte(rest)
  }

  /** Without its length. */
  binary(text: string): void {
    this.#room(text.length)
    this.#at = writeBinary(this.#bytes, this.#at, text)
  }

  take(): Uint8Array {
    return this.#bytes.slice(0, this.#at)
  }

  #room(bytes: number): void {
    const needed = this.#at + bytes
    if (needed <= this.#bytes.length) return
    const grown = new Uint8Array(Math.max(needed, 2 * this.#bytes.length))
    grown.set(this.#bytes)
    this.#bytes = grown
  }
}

/** Reads past the end are 0: whoever reads looks at `left` first. */
export class ByteReader {
  readonly #bytes: Uint8Array
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  get left(): number {
    return this.#bytes.length - this.#at
  }

  byte(): number {
    return this.#bytes[this.#at++] ?? 0
  }

  /** So many bytes, or all that are left. */
  binary(length: number): string {
    const from = this.#at
    this.#at = Math.min(from + length, Math.max(from, this.#bytes.length))
    return binaryOf(this.#bytes, from, this.#at)
  }

  uint32(): number {
    if (this.left < 4) this.#at = this.#bytes.length
    else {
      this.#at += 4
      return readUint32(this.#bytes, this.#at - 4)
    }
    return 0
  }

  varint(): number {
    let value = 0
    for (let unit = 1; unit < 2 ** 53; unit *= 128) {
      const byte = this.byte()
      value += (byte % 128) * unit
      if (byte < 128) break
    }
    return value
  }
}
