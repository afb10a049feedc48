/**
 * Frames: a big-endian u32 with the length, then that many bytes. The decoder takes the bytes
 * as TCP cuts them and hands out whole frames. It refuses a frame by its announced length,
 * before a byte is allocated for it, and its buffer grows only as bytes really come: four
 * bytes from a stranger never cost sixteen megabytes.
 */

/** Takes one frame: bytes[from..to). They are only lent: `push` may be given the chunk again. */
export type EmitFrame = (bytes: Uint8Array, from: number, to: number) => boolean

export class FrameDecoder {
  /** Longest frame accepted from now on; the channel raises it after the proof. */
  limit: number
  /** Frames handed out so far: together with `pendingBytes` it names the one under way. */
  frames = 0
  #header = 0
  #headerBytes = 0
  /** Announced length of the frame under way; -1 while its four bytes are not complete. */
  #size = -1
  #body = nothing
  #bodyBytes = 0

  constructor(limit: number) {
    this.limit = limit
  }

  /** Bytes of a frame whose end has not come, its length included; 0 between frames. */
  get pendingBytes(): number {
    return this.#headerBytes + this.#bodyBytes
  }

  /** Bytes of memory that the frame under way takes: at most twice what came of it. */
  get heldBytes(): number {
    return this.#headerBytes + this.#body.length
  }

  /** Length of the frame under way; 0 while it is not known. */
  get pendingSize(): number {
    return Math.max(this.#size, 0)
  }

  /**
   * Takes a chunk and emits each frame that it completes: a view where the frame lies within
   * the chunk, else of a buffer of its own. Stops where `emit` returns false. Returns why the
   * stream is refused; nothing may be pushed after that.
   */
  push(chunk: Uint8Array, emit: EmitFrame): string | undefined {
    let at = 0
    while (at < chunk.length) {
      if (this.#size < 0) {
        at = this.#readHeader(chunk, at)
        if (this.#size > this.limit) return `a frame of more than ${this.limit} bytes`
        if (this.#size === 0) return 'an empty frame'
        if (this.#size < 0) return undefined
      }
      const end = at + this.#size - this.#bodyBytes
      if (end > chunk.length) {
        this.#keep(chunk, at)
        return undefined
      }
      const go =
        this.#bodyBytes === 0 ? this.#lend(chunk, at, end, emit) : this.#join(chunk, at, end, emit)
      if (!go) return undefined
      at = end
    }
    return undefined
  }

  /** Lets go of the frame under way: nothing will be pushed any more. */
  drop(): void {
    this.#body = nothing
    this.#bodyBytes = 0
    this.#headerBytes = 0
  }

  #readHeader(chunk: Uint8Array, from: number): number {
    let at = from
    while (this.#headerBytes < 4 && at < chunk.length) {
      this.#header = this.#header * 256 + (chunk[at++] ?? 0)
      this.#headerBytes++
    }
    if (this.#headerBytes === 4) this.#size = this.#header
    return at
  }

  #lend(chunk: Uint8Array, at: number, end: number, emit: EmitFrame): boolean {
    this.#rest()
    return emit(chunk, at, end)
  }

  #join(chunk: Uint8Array, at: number, end: number, emit: EmitFrame): boolean {
    this.#keep(chunk.subarray(at, end), 0)
    const body = this.#body
    const size = this.#size
    this.#rest()
    return emit(body, 0, size)
  }

  /** Ready for the next frame. */
  #rest(): void {
    this.frames++
    this.#header = 0
    this.#headerBytes = 0
    this.#size = -1
    this.#body = nothing
    this.#bodyBytes = 0
  }

  #keep(chunk: Uint8Array, from: number): void {
    const bytes = this.#bodyBytes + chunk.length - from
    if (bytes > this.#body.length) {
      const grown = new Uint8Array(Math.min(this.#size, Math.max(bytes, 2 * this.#body.length)))
      grown.set(this.#body.subarray(0, this.#bodyBytes))
      this.#body = grown
    }
    this.#body.set(chunk.subarray(from), this.#bodyBytes)
    this.#bodyBytes = bytes
  }
}

const nothing = new Uint8Array(0)
