/**
 * The floor's wire: a frame is a u32 with the length, then one msgpack array with all messages
 * of a turn. No hello, no scan, no bounds: less cannot be sent over a socket.
 */
import type { Socket } from 'node:net'
import { Packr } from 'msgpackr'

/** The first field is one of `ops`; the rest follows from it. */
export type Message = readonly [op: number, id: number, ...rest: unknown[]]

/** put, get and status are a client's; copy and read go between nodes. */
export const ops = { put: 0, get: 1, status: 2, copy: 3, read: 4, reply: 5, peek: 6 } as const

export class Line {
  readonly #socket: Socket
  readonly #packr = new Packr({ useRecords: false })
  #queue: Message[] = []
  #rest: Buffer | undefined

  constructor(socket: Socket, onMessage: (message: Message, line: Line) => void) {
    this.#socket = socket.setNoDelay(true)
    socket.on('error', () => socket.destroy())
    socket.on('data', (chunk: Buffer) => {
      let bytes = this.#rest === undefined ? chunk : Buffer.concat([this.#rest, chunk])
      while (bytes.length >= 4 && bytes.length >= 4 + bytes.readUInt32BE(0)) {
        const end = 4 + bytes.readUInt32BE(0)
        for (const message of this.#packr.unpack(bytes.subarray(4, end))) onMessage(message, this)
        bytes = bytes.subarray(end)
      }
      this.#rest = bytes.length === 0 ? undefined : bytes
    })
  }

  /** Leaves at the end of this turn, together with all the others. */
  send(message: Message): void {
    if (this.#queue.push(message) === 1) setImmediate(() => this.#flush())
  }

  close(): void {
    this.#socket.destroy()
  }

  #flush(): void {
    const body = this.#packr.pack(this.#queue)
    this.#queue = []
    const frame = Buffer.allocUnsafe(4 + body.length)
    frame.writeUInt32BE(body.length, 0)
    body.copy(frame, 4)
    this.#socket.write(frame)
  }
}
