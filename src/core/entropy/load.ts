/** The copies of one answer: as many as a message carries, and the names of those it cannot. */
import { type Carrier, carriedBytes, type TooLarge } from '../carrier.ts'
import type { HandedCopy } from '../message.ts'

export class Load {
  readonly copies: HandedCopy[] = []
  readonly tooLarge: TooLarge[] = []
  readonly #carrier: Carrier
  readonly #bytesMax: number
  #bytes = 0

  /** `bytesMax`: once there are so many, nothing follows. */
  constructor(carrier: Carrier, bytesMax: number) {
    this.#carrier = carrier
    this.#bytesMax = bytesMax
  }

  get full(): boolean {
    return this.#bytes >= this.#bytesMax || this.tooLarge.length >= tooLargeMax
  }

  /** False if it goes into another message. One that can go into none is named instead. */
  add(copy: HandedCopy): boolean {
    const { key, object } = copy
    if (!this.#carrier.carries(object)) {
      const named = { key, bytes: object.length }
      this.#carrier.leave(named)
      this.tooLarge.push(named)
      return true
    }
    if (!this.#carrier.fits(this.#bytes, copy)) return false
    this.copies.push(copy)
    this.#bytes += carriedBytes(copy)
    return true
  }

  /** False if some of them go into another message. */
  addAll(copies: Iterable<HandedCopy>): boolean {
    for (const copy of copies) {
      if (this.#bytes >= this.#bytesMax || !this.add(copy)) return false
    }
    return true
  }

  /** Bytes that were read for it. */
  skip(bytes: number): void {
    this.#bytes += bytes
  }
}

/** Names in one answer, those of one node aside. */
const tooLargeMax = 64
