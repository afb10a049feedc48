/** What the parts of one get share: what it is about, what it is done with, its first question. */
import { decodeObject } from '../causality/object.ts'
import type { Holdings } from '../holdings.ts'
import type { Instant, Key, NodeId, RequestId, Token } from '../ids.ts'
import type { CopyRead, GetRequest } from '../message.ts'
import { damaged } from '../object-rows.ts'
import type { Objects } from '../objects.ts'
import type { Placement } from '../placement.ts'
import type { Effect, Env } from '../step.ts'
import type { Explanation } from './explain.ts'
import { type GetTerms, type HeldAnswer, nothingHeld } from './get.ts'
import type { Hedging } from './hedging.ts'
import type { LateRoom } from './late-room.ts'
import type { ClientOrigin } from './origin.ts'
import type { Stored } from './put-coordination.ts'
import type { RepairMode } from './repair-mode.ts'

/** What all gets of a node share. */
export type GetParts = {
  readonly env: Env
  readonly placement: Placement
  readonly objects: Objects<Stored>
  /** Bytes of objects in hand, by whose gets they are. */
  readonly holdings: Holdings
  readonly late: LateRoom
  readonly hedging: Hedging
  readonly counts: GetCounts
  /** Nodes that were not whole when they answered last. */
  readonly unwhole: Set<NodeId>
}

/** Since the start. */
type GetCounts = { repairs: number }

/** What one get is about. */
export type GetSubject = GetTerms & {
  readonly id: RequestId
  readonly origin: ClientOrigin
  readonly request: GetRequest
  readonly token: Token
  readonly mode: Exclude<RepairMode, number>
  /** Where it was asked for. */
  readonly explanation: Explanation | undefined
}

/** The question to another node: what it holds, or the digest of it. */
export function readOf(
  { placement }: GetParts,
  { id, token, request, deadline }: GetSubject,
  to: NodeId,
  full: boolean,
  now: Instant,
): Effect {
  const { epoch } = placement
  const timeLeft = Math.max(1, deadline - now)
  const message = { type: 'read', id, epoch, timeLeft, key: request.key, token, full } as const
  return { type: 'send', to, message }
}

/** What this node holds durably of the key; undefined where that cannot be read. */
export function heldHere(parts: GetParts, token: Token, key: Key): HeldAnswer | undefined {
  const { objects, placement } = parts
  const owns = placement.owns(token)
  const held = owns ? objects.durable(token, key) : objects.hints.durable(token, key)
  if (held === damaged || !objects.generations.knows(token)) return undefined
  const digest = held?.digest ?? nothingHeld
  const whole = objects.wholeness.isWhole(token)
  const generation = held?.generation ?? objects.generations.toldOf(token)
  return { digest, whole, generation, siblings: held?.siblings }
}

/** What a peer's answer says; undefined where its object cannot be read. */
export function heldOf(env: Env, answer: CopyRead): HeldAnswer | undefined {
  const { digest, whole, generation, object } = answer
  if (object === undefined) return { digest, whole, generation, siblings: undefined }
  const siblings = decodeObject(env.hash, object)
  return siblings === undefined ? undefined : { digest, whole, generation, siblings }
}
