/**
 * How much a get of one connection reads, as far as its last ones told: a get weighs next to
 * nothing, and what it reads may be a mebibyte. It is begun only where there is room for that;
 * else the node would read values for nobody, and others would wait behind it. Who is refused for
 * that reads nothing that would correct it: so each refusal takes some of it back, too.
 */
import { frameBytesMax } from '../wire/bounds.ts'

/** One small value among large ones says little, eight in a row do. */
const memory = 8

export class UsualRead {
  #bytes = 0
  /** Gets under way of which nothing is here yet. */
  #open = 0

  /** Of no get under way it is open what it reads: one may be begun to find out. */
  get canProbe(): boolean {
    return this.#open === 0
  }

  /** Room that one more wants, beside those under way. */
  get wanted(): number {
    return Math.ceil(this.#bytes) * (1 + this.#open)
  }

  /** One read so much. */
  saw(bytes: number): void {
    const more = Math.min(bytes, frameBytesMax)
    this.#bytes = more > this.#bytes ? more : this.#bytes - (this.#bytes - more) / memory
  }

  /** One that wanted room was refused: what it would have read is not known. */
  refused(): void {
    this.#bytes -= this.#bytes / memory
  }

  begun(): void {
    this.#open++
  }

  ended(): void {
    this.#open--
  }
}
