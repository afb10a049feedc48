/** What messages weigh: each goes through the codec of `src/wire`, and what travels is what it read. */
import type { PeerMessage } from '../../src/core/message.ts'
import { decodePeerMessage, writeMessage } from '../../src/wire/message-codec.ts'
import { Writer } from '../../src/wire/pack.ts'
import { isMalformed } from '../../src/wire/read.ts'

export class Postage {
  bytes = 0
  readonly #writer = new Writer()

  /** Counts a message that goes nowhere. */
  weigh(message: PeerMessage): void {
    this.#written(message)
  }

  /** The message as the other side reads it. */
  carry = (message: PeerMessage): PeerMessage => {
    const read = decodePeerMessage(this.#written(message), 4)
    if (isMalformed(read)) throw new Error(`${message.type}: ${read.malformed}`)
    return read
  }

  #written(message: PeerMessage): Uint8Array {
    const begin = this.#writer.beginFrame()
    writeMessage(this.#writer, message)
    this.#writer.endFrame(begin)
    const bytes = this.#writer.take()
    this.bytes += bytes.length
    return bytes
  }
}
