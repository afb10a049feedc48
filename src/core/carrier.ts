/**
 * What a message can carry: several objects up to a mebibyte together, or one alone that leaves
 * room in a frame for what is said of it. A key with more than that cannot travel. It stops
 * nothing else: whoever meets it goes past it, names it here, and never takes it for equal.
 */
import { mutant, sometimes } from '#mutants'
import { after, type Instant, type Key } from './ids.ts'
import type { Effect } from './step.ts'

/** A key whose versions are too large together to be sent, and how large they were. */
export type TooLarge = { readonly key: Key; readonly bytes: number }

type Copy = { readonly key: Key; readonly object: Uint8Array }

export class Carrier {
  /** Of one object, alone in its message. */
  readonly objectBytesMax: number
  /** Of several, with what is said of each; of names of keys, too. */
  readonly batchBytesMax: number
  /** Of an object that puts make: so several sides of a split have to meet before it cannot travel. */
  readonly madeBytesMax: number
  readonly #left = new Map<Key, { bytes: number; seenAt: Instant | undefined; told: boolean }>()

  constructor(frameBytes: number) {
    this.objectBytesMax = frameBytes - asideBytes(frameBytes)
    this.batchBytesMax = Math.min(severalBytesMax, this.objectBytesMax)
    this.madeBytesMax = Math.floor(frameBytes / 2)
  }

  carries(object: Uint8Array): boolean {
    return object.length <= this.objectBytesMax
  }

  /** May this copy go, too, in a message that has so many bytes of others? */
  fits(bytes: number, copy: Copy): boolean {
    return bytes === 0 || bytes + carriedBytes(copy) <= this.batchBytesMax
  }

  /** A key was met that cannot travel, here or elsewhere. */
  leave({ key, bytes }: TooLarge): void {
    if (mutant(713)) return
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

/** What a copy takes of a message, roughly: its object, and what is said of it. */
export function carriedBytes({ key, object }: Copy): number {
  return object.length + key.length + aboutBytes
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
/** Of one copy: its token, generation and time, and lengths. */
const aboutBytes = 64
const leftMax = 1000
/** Longer than it takes until whoever cannot send it tries again. */
const rememberedMs = 10 * 60 * 1000
