/**
 * One call of a client: what is wanted, until when, and what became of the requests sent for it.
 * A write keeps one operation id through all its tries, so that it takes effect at most once
 * however often it is sent.
 */

import type { Brand } from '../brand.ts'
import type { CountRequest } from '../count.ts'
import type { ExchangeRequest } from '../entropy/exchange-status.ts'
import type { RepairRequest } from '../entropy/repair-message.ts'
import type { Explained } from '../explained.ts'
import {
  after,
  type Generation,
  type Instant,
  type Key,
  type NodeId,
  type OpId,
  type Partition,
  type RequestId,
  type WallTime,
} from '../ids.ts'
import type {
  ClientReply,
  ClientRequest,
  Envelope,
  FailReply,
  FaultRule,
  GetRequest,
  PutRequest,
} from '../message.ts'
import type { Failure } from '../outcome.ts'
import type { WholenessRequest } from '../wholeness/wholeness-message.ts'

/** The host's handle for one call. */
export type CallId = Brand<number, 'CallId'>

/** What a caller asks for; `undefined` in `r` and `w` means the cluster's own. */
export type Wanted =
  | Pick<GetRequest, 'type' | 'key' | 'r' | 'strict' | 'repair' | 'explain'>
  | (Pick<PutRequest, 'type' | 'key' | 'value' | 'context' | 'w' | 'strict' | 'explain'> & {
      /** Of an earlier call whose end is unknown; undefined: a new operation. */
      readonly op: OpId | undefined
    })
  | {
      readonly type: 'scan'
      readonly prefix: string
      readonly after: string
      readonly limit: number
      readonly partial: boolean
    }
  | { readonly type: 'inspect'; readonly key: Key }
  | { readonly type: 'view' }
  | { readonly type: 'status' }
  | { readonly type: 'gossip' }
  | { readonly type: 'hints'; readonly drain: NodeId | undefined }
  | Pick<ExchangeRequest, 'type' | 'pause'>
  | Omit<RepairRequest, 'id'>
  | Omit<CountRequest, 'id'>
  | Omit<WholenessRequest, 'id'>
  | ({ readonly type: 'faults' } & FaultsWanted)

/** undefined: as it is. */
export type FaultsWanted = {
  readonly rules: readonly FaultRule[] | undefined
  readonly skewMs: number | undefined
}

export type SuccessReply = Exclude<ClientReply, FailReply>
export type CallResult =
  | { readonly type: 'done'; readonly reply: SuccessReply }
  | {
      readonly type: 'failed'
      readonly failure: Failure
      /** Of the last node that refused it, where that was asked for. */
      readonly explained: Explained | undefined
    }

/** One request under way. */
export type Try = {
  readonly id: RequestId
  readonly call: Call
  readonly node: NodeId
  readonly sentAt: Instant
  /** It took longer than its share: another node was asked, this answer still counts. */
  overdue: boolean
}

export type Call = {
  readonly id: CallId
  readonly wanted: Wanted
  /** The only node that may be asked. */
  readonly via: NodeId | undefined
  readonly deadline: Instant
  /** How long one node is waited for before another is asked too. */
  readonly tryLimitMs: number
  /** Of the key, where there is one; known from the first send on. */
  partition: Partition | undefined
  /** Of a write; drawn with its first send. Another one only while all that was sent was refused. */
  op: OpId | undefined
  /** By their own clocks, of the nodes for which that id is of a time to come. */
  clocks: ReadonlyMap<NodeId, WallTime> | undefined
  /** Tries that may still answer. */
  open: Try[]
  /** Nodes that were asked, in order, each once. */
  asked: NodeId[]
  /** A write was sent, by this call or by an earlier one, and nobody will say what became of it. */
  unsure: boolean
  refusals: number
  lastFailure: Failure | undefined
  explained: Explained | undefined
  /** When to act next, unless something happens before. */
  dueAt: Instant
  /** Since when there is nobody to send to. */
  waitingSince: Instant | undefined
}

export function newCall(
  now: Instant,
  id: CallId,
  wanted: Wanted,
  { timeoutMs, via }: { readonly timeoutMs: number; readonly via: NodeId | undefined },
): Call {
  const op = wanted.type === 'put' ? wanted.op : undefined
  return {
    id,
    wanted,
    via,
    deadline: after(now, timeoutMs),
    tryLimitMs: timeoutMs / triesPerDeadline,
    partition: undefined,
    op,
    clocks: undefined,
    open: [],
    asked: [],
    // What an earlier call sent under this id may have taken effect.
    unsure: op !== undefined,
    refusals: 0,
    lastFailure: undefined,
    explained: undefined,
    dueAt: now,
    waitingSince: undefined,
  }
}

/** The next send is the first one of another operation id: no node took the one that it had. */
export function drawAnother(call: Call): void {
  call.op = undefined
  call.clocks = undefined
  call.asked = []
}

export function isWrite(call: Call): boolean {
  return call.wanted.type === 'put'
}

/** May the call have taken effect, as far as is known now? */
export function mayHaveHappened(call: Call): boolean {
  return isWrite(call) && (call.unsure || call.open.length > 0)
}

/** The message that asks for it. Written out: spreading the envelope costs several times more. */
export function requestOf(
  call: Call,
  { id, epoch, timeLeft }: Envelope,
  op: OpId,
  generation: Generation,
): ClientRequest {
  const wanted = call.wanted
  switch (wanted.type) {
    case 'get':
      return {
        type: 'get',
        id,
        epoch,
        timeLeft,
        key: wanted.key,
        r: wanted.r,
        strict: wanted.strict,
        repair: wanted.repair,
        explain: wanted.explain,
      }
    case 'put': {
      const { key, value, context, w, strict, explain } = wanted
      return {
        type: 'put',
        id,
        epoch,
        timeLeft,
        key,
        value,
        context,
        op,
        again: mayHaveHappened(call),
        generation,
        w,
        strict,
        explain,
      }
    }
    case 'scan': {
      const { prefix, after, limit, partial } = wanted
      return { type: 'scan', id, epoch, timeLeft, prefix, after, limit, partial }
    }
    case 'inspect':
      return { type: 'inspect', id, epoch, timeLeft, key: wanted.key }
    case 'view':
      return { type: 'view', id }
    case 'status':
      return { type: 'status', id }
    case 'gossip':
      return { type: 'gossip', id }
    case 'hints':
    case 'exchange':
    case 'repair':
    case 'count':
    case 'wholeness':
      return { ...wanted, id }
    case 'faults':
      return { type: 'faults', id, rules: wanted.rules, skewMs: wanted.skewMs }
  }
}

/** The key whose replicas answer best. */
export function keyOfWanted(wanted: Wanted): Key | undefined {
  return wanted.type === 'get' || wanted.type === 'put' || wanted.type === 'inspect'
    ? wanted.key
    : undefined
}

/** The reply that each wish is answered with. */
export const replyTypeOf: { readonly [W in Wanted['type']]: SuccessReply['type'] } = {
  get: 'got',
  put: 'wrote',
  scan: 'page',
  inspect: 'inspected',
  view: 'viewed',
  status: 'status-is',
  gossip: 'gossiped',
  faults: 'faults-are',
  hints: 'hints-are',
  exchange: 'exchange-is',
  repair: 'repair-is',
  count: 'counts-are',
  wholeness: 'wholeness-is',
}

/** A node gets this part of the time before another is asked too. */
const triesPerDeadline = 4
