/**
 * The room for gets that are answered but still wait for a slow replica, so as to repair it:
 * each keeps what it returned. Whoever finds no room does not wait, so that a replica that
 * hangs fills no memory at the others; the next get or an exchange repairs instead.
 */
export class LateRoom {
  #free: number

  constructor(bytes: number = lateBytesMax) {
    this.#free = bytes
  }

  /** True where there was room. */
  take(bytes: number): boolean {
    if (bytes > this.#free) return false
    this.#free -= bytes
    return true
  }

  give(bytes: number): void {
    this.#free += bytes
  }
}

const lateBytesMax = 32 * 1024 * 1024
