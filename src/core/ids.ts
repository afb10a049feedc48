/**
 * The ids of the design (§2, §3, §5) and the constructors that check them. Everything that
 * names something is branded, so that a key cannot be handed over where a token is meant.
 */
import type { Brand } from './brand.ts'

/** A node's name: `^[a-z0-9][a-z0-9-]{0,31}$`, never a device name of Windows. */
export type NodeId = Brand<string, 'NodeId'>
/** 16 random bytes, binary: drawn when the cluster is made. */
export type ClusterId = Brand<string, 'ClusterId'>
/** 8 random bytes, binary: drawn when a store is made; kept in it. */
export type StoreId = Brand<string, 'StoreId'>
/** 8 random bytes, binary: drawn at each start of a process. */
export type StartId = Brand<string, 'StartId'>
/** 1 to 1,024 bytes, a binary string (`binary.ts`). */
export type Key = Brand<string, 'Key'>
/** First 8 bytes of the key's hash, a binary string. */
export type Token = Brand<string, 'Token'>
/** The token's top bits: 0 to Q-1. */
export type Partition = Brand<number, 'Partition'>
/** 8 random bytes, binary: who issues dots in one row (design §2). */
export type Actor = Brand<string, 'Actor'>
/** 12 bytes, binary: 6 of the cluster's time in ms, 6 random (design §2). */
export type OpId = Brand<string, 'OpId'>
/** 8 bytes, binary: hash of a view and of the ring function's version. */
export type Epoch = Brand<string, 'Epoch'>
/** A partition's reaping round, from 0 (design §2). */
export type Generation = number
/** Monotonic milliseconds of one process; may have a fraction. */
export type Instant = Brand<number, 'Instant'>
/** Milliseconds since 1970, for people to read; never decides which value survives. */
export type WallTime = number
/** Names one message in flight between two nodes; unique for the life of a process. */
export type RequestId = number

/** An operation id further ahead of its coordinator's clock is refused. */
export const opAheadMsMax = 24 * 60 * 60 * 1000
export const keyBytesMax = 1024
export const valueBytesMax = 1024 * 1024

/** A node or cluster name, or undefined where the text is none (`security.md` §2.7). */
export function nameOf(text: string): string | undefined {
  if (names.has(text)) return text
  if (!/^[a-z0-9][a-z0-9-]{0,31}$/.test(text)) return undefined
  if (/^(con|nul|aux|prn|com[0-9]|lpt[0-9])$/.test(text)) return undefined
  if (names.size < namesMax) names.add(text)
  return text
}

/** Names that passed: the few of a cluster stand in every record that is read. */
const names = new Set<string>()
const namesMax = 1024

export function nodeIdOf(text: string): NodeId | undefined {
  return nameOf(text) as NodeId | undefined
}

/** A key, or undefined where it is empty or too long. */
export function keyOf(binary: string): Key | undefined {
  return binary.length >= 1 && binary.length <= keyBytesMax ? (binary as Key) : undefined
}

export function after(now: Instant, ms: number): Instant {
  return (now + ms) as Instant
}
