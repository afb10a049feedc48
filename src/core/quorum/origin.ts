/** Whom a request came from, and the way back: a client's connection, or a node that forwarded. */

import type { Explained } from '../explained.ts'
import { type Holder, holderThrough } from '../holdings.ts'
import type { NodeId, RequestId } from '../ids.ts'
import type { ClientReply, FailReply, PutReply } from '../message.ts'
import type { Failure } from '../outcome.ts'
import type { Caller, Effect } from '../step.ts'

export type ClientOrigin = {
  readonly type: 'client'
  readonly caller: Caller
  /** Who is charged for what is held meanwhile. */
  readonly holder: Holder
  readonly id: RequestId
}
type PeerOrigin = { readonly type: 'peer'; readonly node: NodeId; readonly id: RequestId }
export type Origin = ClientOrigin | PeerOrigin

export function holderOf(origin: Origin): Holder {
  return origin.type === 'client' ? origin.holder : holderThrough(origin.node)
}

/** Answers a client. */
export function replyTo(origin: ClientOrigin, reply: ClientReply): Effect {
  return { type: 'reply', caller: origin.caller, reply }
}

/** Answers a put, wherever it came from. */
export function answerPut(origin: Origin, reply: PutReply | FailReply): Effect {
  if (origin.type === 'client') return replyTo(origin, reply)
  return { type: 'send', to: origin.node, message: { type: 'forwarded', id: origin.id, reply } }
}

export function failed(origin: Origin, failure: Failure, explained?: Explained): FailReply {
  return { type: 'failed', id: origin.id, failure, explained }
}
