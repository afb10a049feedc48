/**
 * The keys that are written and read, and what each must hold. A value carries its key's number
 * and the count of puts on it, so that a wrong answer is seen without remembering any value.
 */

export const valueBytes = 100

export class KeySet {
  readonly size: number
  readonly #prefix: string
  /** Puts of each key so far. */
  readonly #puts: Uint32Array

  constructor(size: number, prefix: string) {
    this.size = size
    this.#prefix = prefix
    this.#puts = new Uint32Array(size)
  }

  /** 20 bytes for every key. */
  name(key: number): string {
    return this.#prefix + String(key).padStart(20 - this.#prefix.length, '0')
  }

  /** The value of the key's next put, which counts from now on as the one it holds. */
  nextValue(key: number): Buffer {
    const puts = this.#putsOf(key) + 1
    this.#puts[key] = puts
    const value = Buffer.alloc(valueBytes, puts)
    value.writeUInt32LE(key, 0)
    value.writeUInt32LE(puts, 4)
    return value
  }

  holds(key: number, value: Uint8Array | undefined): boolean {
    if (value === undefined || value.length !== valueBytes) return false
    const puts = this.#putsOf(key)
    const view = new DataView(value.buffer, value.byteOffset, value.length)
    if (view.getUint32(0, true) !== key || view.getUint32(4, true) !== puts) return false
    return value[8] === (puts & 255) && value[valueBytes - 1] === (puts & 255)
  }

  #putsOf(key: number): number {
    return this.#puts[key] ?? 0
  }
}
