/**
 * What a message can carry: several objects up to a mebibyte together, or one alone that leaves
 * room in a frame for what is said of it. A key with more than that cannot travel. It stops
 * nothing else: whoever meets it goes past it, names it here, and never takes it for equal.
 */
import { sometimes } from '#mutants'
import { after, type Instant, type Key } from './ids.ts'
import type { Effect } from './step.ts'

/** A key whose versions are too large together to be sent, and how large they were. */
export type TooLarge = { readonly key: Key; readonly bytes: number }

export class Carrier {
  /** Of one object, alone in its message. */
  readonly objectBytesMax: number
  /** Of several. */
  readonly batchBytesMax: number
  readonly #left = new Map<Key, { bytes: number; seenAt: Instant | undefined; told: boolean }>()

  constructor(frameBytes: number) {
    this.objectBytesMax = frameBytes - asideBytes(frameBytes)
    this.batchBytesMax = Math.min(severalBytesMax, this.objectBytesMax)
  }

  carries(object: Uint8Array): boolean {
    return object.length <= this.objectBytesMax
  }

  /** May this object go, too, in a message that has so many bytes of others? */
  fits(bytes: number, object: Uint8Array): boolean {
    return bytes === 0 || bytes + object.length <= this.batchBytesMax
  }

  /** A key was met that cannot travel, here or elsewhere. */
  leave({ key, bytes }: TooLarge): void {
    const known = this.#left.get(key)
    if (known !== undefined) {
      known.bytes = bytes
      known.seenAt = undefined
    } else if (this.#left.size < leftMax) {
      sometimes('a key is too large to be sent')
      this.#left.set(key, { bytes, seenAt: undefined, told: false })
    }
  }

  /** Those that were met of late. */
  get left(): readonly TooLarge[] {
    return [...this.#left].map(([key, { bytes }]) => ({ key, bytes }))
  }

  /** Tells of new ones, and forgets those that nobody meets any more. */
  tick(now: Instant, out: Effect[]): void {
    for (const [key, one] of this.#left) {
      one.seenAt ??= now
      if (now > after(one.seenAt, rememberedMs)) this.#left.delete(key)
      if (one.told) continue
      one.told = true
      const detail = { key: shown(key), bytes: one.bytes, bytesMax: this.objectBytesMax }
      out.push({ type: 'note', note: { level: 'warn', event: 'key-too-large', detail } })
    }
  }
}

/** What the frame is needed for beside one object: its key, its number, an explanation. */
function asideBytes(frameBytes: number): number {
  return Math.min(4096, Math.floor(frameBytes / 4))
}

/** A key as one line of ASCII. */
function shown(key: Key): string {
  return key.replace(
    /[^\x20-\x7e]/g,
    byte => `\\x${byte.charCodeAt(0).toString(16).padStart(2, '0')}`,
  )
}

/** The frame of a node. */
export const usualFrameBytes = 16 * 1024 * 1024
const severalBytesMax = 1024 * 1024
const leftMax = 1000
/** Longer than it takes until whoever cannot send it tries again. */
const rememberedMs = 10 * 60 * 1000
