/** What a world did, as one hash: two runs of one seed are the same where their hashes are. */
import { sha256 } from '@noble/hashes/sha2.js'
import { binaryOf, hexOf } from '../core/binary.ts'
import type { Micros } from './events.ts'

export class Trace {
  readonly #hash = sha256.create()
  readonly #block = new Uint8Array(blockBytes)
  #used = 0
  #entries = 0

  get entries(): number {
    return this.#entries
  }

  /** One thing that happened: when, what, and the bytes of it. */
  add(at: Micros, label: string, bytes: Uint8Array | undefined): void {
    this.#entries++
    this.#number(at)
    for (let i = 0; i < label.length; i++) this.#byte(label.charCodeAt(i))
    this.#number(bytes?.length ?? 0)
    if (bytes !== undefined) this.#bytes(bytes)
  }

  /** The hash of all that was added; the trace is over. */
  end(): string {
    this.#flush()
    return hexOf(binaryOf(this.#hash.digest()))
  }

  #number(value: number): void {
    for (let rest = value, i = 0; i < 6; i++) {
      this.#byte(rest % 256)
      rest = Math.floor(rest / 256)
    }
  }

  #byte(value: number): void {
    if (this.#used === blockBytes) this.#flush()
    this.#block[this.#used++] = value
  }

  #bytes(bytes: Uint8Array): void {
    if (bytes.length > blockBytes - this.#used) this.#flush()
    if (bytes.length > blockBytes) {
      this.#hash.update(bytes)
      return
    }
    this.#block.set(bytes, this.#used)
    this.#used += bytes.length
  }

  #flush(): void {
    this.#hash.update(this.#block.subarray(0, this.#used))
    this.#used = 0
  }
}

const blockBytes = 65_536
