/**
 * Unsigned big-endian integers in byte arrays. Writers return the offset behind what they
 * wrote, so that a layout reads as a column of calls; bounds are the caller's.
 */

export function writeUint8(into: Uint8Array, at: number, value: number): number {
  into[at] = value
  return at + 1
}

export function writeUint16(into: Uint8Array, at: number, value: number): number {
  into[at] = value >>> 8
  into[at + 1] = value
  return at + 2
}

export function writeUint32(into: Uint8Array, at: number, value: number): number {
  into[at] = value >>> 24
  into[at + 1] = value >>> 16
  into[at + 2] = value >>> 8
  into[at + 3] = value
  return at + 4
}

/** An integer from 0 to 2^48-1. */
export function writeUint48(into: Uint8Array, at: number, value: number): number {
  writeUint16(into, at, Math.floor(value / 2 ** 32))
  return writeUint32(into, at + 2, value % 2 ** 32)
}

export function readUint8(bytes: Uint8Array, at: number): number {
  return bytes[at] as number
}

export function readUint16(bytes: Uint8Array, at: number): number {
  return (bytes[at] as number) * 2 ** 8 + (bytes[at + 1] as number)
}

export function readUint32(bytes: Uint8Array, at: number): number {
  return readUint16(bytes, at) * 2 ** 16 + readUint16(bytes, at + 2)
}

export function readUint48(bytes: Uint8Array, at: number): number {
  return readUint16(bytes, at) * 2 ** 32 + readUint32(bytes, at + 2)
}
