/**
 * What a member says of itself, and how two sayings compare (Scuttlebutt: van Renesse et al.,
 * "Efficient reconciliation and flow control for anti-entropy protocols", §3). Only the member
 * writes its state. `heartbeat` is its version: it rises with every change and once a round, so
 * whoever knows heartbeat h needs exactly the sections that changed after h.
 */
import type { NodeId, StartId, StoreId } from '../ids.ts'

/** Where the member listens, and which store and process answer there. */
export type Profile = {
  readonly host: string
  readonly port: number
  readonly store: StoreId
  readonly start: StartId
  /** left: it was stopped on purpose. */
  readonly status: 'alive' | 'left'
}

export type Load = { readonly keys: number; readonly full: boolean }

/** "I cannot reach this incarnation of that member, and nobody whom I asked could." */
export type Accusation = { readonly node: NodeId; readonly incarnation: number }

/** Of one member: its record stays below 1 KiB. */
export const accusationsMax = 32

/** A part of the state, and the heartbeat at which it changed last. */
export type Section<Value> = { readonly at: number; readonly value: Value }

export type MemberState = {
  readonly id: NodeId
  /** Raised by the member only: at each start, and to refute. */
  readonly incarnation: number
  readonly heartbeat: number
  readonly profile: Section<Profile>
  readonly load: Section<Load>
  readonly accusations: Section<readonly Accusation[]>
}

/** What the sender of a digest knows of one member. */
export type DigestEntry = {
  readonly id: NodeId
  readonly incarnation: number
  readonly heartbeat: number
}

/** What somebody at `since` lacks of a member; `since` 0: all of it. */
export type MemberDelta = {
  readonly id: NodeId
  readonly incarnation: number
  readonly heartbeat: number
  readonly since: number
  readonly profile: Section<Profile> | undefined
  readonly load: Section<Load> | undefined
  readonly accusations: Section<readonly Accusation[]> | undefined
}

type Version = { readonly incarnation: number; readonly heartbeat: number }

/** Above 0 where a is newer. */
export function compareVersions(a: Version, b: Version): number {
  return a.incarnation - b.incarnation || a.heartbeat - b.heartbeat
}

/** What is new in the state for somebody who knows `known` (undefined: nothing). */
export function deltaSince(state: MemberState, known: Version | undefined): MemberDelta {
  const same = known?.incarnation === state.incarnation
  const since = same ? (known?.heartbeat ?? 0) : 0
  const { id, incarnation, heartbeat, profile, load, accusations } = state
  return {
    id,
    incarnation,
    heartbeat,
    since,
    profile: profile.at > since || since === 0 ? profile : undefined,
    load: load.at > since || since === 0 ? load : undefined,
    accusations: accusations.at > since || since === 0 ? accusations : undefined,
  }
}

/**
 * The state with a delta applied; undefined where it says nothing new, or was made for somebody
 * who knew more than we do.
 */
export function applyDelta(
  known: MemberState | undefined,
  delta: MemberDelta,
): MemberState | undefined {
  if (known !== undefined && compareVersions(delta, known) <= 0) return undefined
  const base = known?.incarnation === delta.incarnation ? known : undefined
  if ((base?.heartbeat ?? 0) < delta.since) return undefined
  const profile = delta.profile ?? base?.profile
  const load = delta.load ?? base?.load
  const accusations = delta.accusations ?? base?.accusations
  if (profile === undefined || load === undefined || accusations === undefined) return undefined
  const { id, incarnation, heartbeat } = delta
  return { id, incarnation, heartbeat, profile, load, accusations }
}

/** More than a heartbeat, and more than load: others act on it. */
export function isNews(before: MemberState | undefined, after: MemberState): boolean {
  return (
    before?.incarnation !== after.incarnation ||
    before.profile.at !== after.profile.at ||
    before.accusations.at !== after.accusations.at
  )
}

/**
 * Can a record be true of anybody? What is told of an incarnation leaves room for the one that
 * refutes it.
 */
export function isWithinBounds({ incarnation, heartbeat, accusations }: MemberDelta): boolean {
  if (incarnation > incarnationMax || heartbeat > heartbeatMax) return false
  return accusations?.value.every(accusation => accusation.incarnation <= incarnationMax) ?? true
}

/**
 * May a record be believed at second hand (`security.md` §2.4)? An absurd counter, once merged, would silence
 * the member for ever. `elapsedMs` is the time since the known record was learnt.
 */
export function isPlausible(
  known: MemberState | undefined,
  delta: Version,
  elapsedMs: number,
): boolean {
  if (delta.incarnation > (known?.incarnation ?? 0) + jumpMax) return false
  if (known?.incarnation !== delta.incarnation) return true
  return delta.heartbeat <= known.heartbeat + jumpMax + (elapsedMs * heartbeatsPerSecondMax) / 1000
}

/** How far an incarnation or a heartbeat may be ahead of the one known. */
const jumpMax = 2 ** 20
/** More than any process has starts, or rounds in many years; far below what the wire can say. */
const incarnationMax = 2 ** 40
const heartbeatMax = 2 ** 40
const heartbeatsPerSecondMax = 50
