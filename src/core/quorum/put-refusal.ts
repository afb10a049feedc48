/** Why a put gets no new dot: what a coordinator that knows nothing of the operation cannot take. */
import { sometimes } from '#mutants'
import { uint48Of } from '../binary.ts'
import { opBelowFullList, type Siblings } from '../causality/siblings.ts'
import { type Generation, opAheadMsMax, type WallTime } from '../ids.ts'
import type { PutRequest } from '../message.ts'
import type { Code } from '../outcome.ts'
import type { Purpose, Room } from '../room.ts'

export type PutRefusal = {
  readonly code: Code
  readonly message: string
  readonly definite?: false
  readonly floor?: Generation
  readonly time?: WallTime
}

/** The operation may be older than what the key's records remember. */
export const forgotten: PutRefusal = {
  code: 'RETRY_EXPIRED',
  message: 'too many later writes: whether the first try took effect is not known',
  definite: false,
}

/** Its id is too high for this node's clock, or, of a second send, too low for the key's list. */
export function untimely(
  { op, again }: PutRequest,
  known: Pick<Siblings, 'ops'>,
  wall: WallTime,
): PutRefusal | undefined {
  if (uint48Of(op) > wall + opAheadMsMax) {
    sometimes('an operation id is ahead of its coordinator')
    const message = 'the operation id is more than a day ahead of the clock of this node'
    return { code: 'OP_AHEAD', message, time: wall }
  }
  if (!again || !opBelowFullList(known, op)) return undefined
  sometimes('a retry is below a full list')
  return forgotten
}

/**
 * The client had last heard of the partition before something was reaped: a first send is sent
 * again with what it hears now; a second one may be of a put that was deleted and reaped since.
 */
export function belowFloor({ again }: PutRequest, floor: Generation): PutRefusal {
  if (again) {
    sometimes('a retry is below the floor')
    const message = 'deletes were reaped since: whether the first try took effect is not known'
    return { code: 'RETRY_EXPIRED', message, definite: false, floor }
  }
  sometimes('a first put is below the floor')
  const message = 'deletes were reaped since the client last heard of the key'
  return { code: 'BELOW_FLOOR', message, floor }
}

/** A delete, or a value that is no longer than what it replaces, lives on what a full disk keeps back. */
export function withoutRoom(room: Room, purpose: Purpose, bytes: number): PutRefusal | undefined {
  if (room.takes(purpose, bytes)) return undefined
  return { code: 'STORE_FULL', message: 'the disk of this node is almost full' }
}
