/**
 * The contract between the client's machine and its hosts (`src/client`, the simulator): inputs
 * go into `Session.step(now, input)`, effects come out, in the order they are to be performed.
 */
import type { Hash } from '../hash.ts'
import type { NodeId } from '../ids.ts'
import type { ClientReply, ClientRequest } from '../message.ts'
import type { Failure } from '../outcome.ts'
import type { CallId, CallResult, Wanted } from './call.ts'

export type SessionInput =
  | {
      readonly type: 'call'
      readonly call: CallId
      readonly wanted: Wanted
      readonly timeoutMs: number
      /** Ask this node and no other. */
      readonly via: NodeId | undefined
    }
  /** The caller no longer waits. Abort is not undo. */
  | { readonly type: 'abort'; readonly call: CallId }
  | { readonly type: 'reply'; readonly from: NodeId; readonly reply: ClientReply }
  /** A proved connection to this node exists. */
  | { readonly type: 'connected'; readonly node: NodeId }
  /** It is gone, or could not be made. */
  | { readonly type: 'disconnected'; readonly node: NodeId; readonly failure: Failure }
  /** A `seek` ended and no address answered. */
  | { readonly type: 'unreachable'; readonly failure: Failure }
  /** About every 20 ms while calls are in flight. */
  | { readonly type: 'tick' }

export type SessionEffect =
  | { readonly type: 'send'; readonly to: NodeId; readonly request: ClientRequest }
  /** Dial this member; answered by `connected` or `disconnected`. */
  | {
      readonly type: 'connect'
      readonly node: NodeId
      readonly host: string
      readonly port: number
    }
  /** Dial the addresses that the user gave; answered by `connected` or `unreachable`. */
  | { readonly type: 'seek' }
  | { readonly type: 'settle'; readonly call: CallId; readonly result: CallResult }

export type SessionEnv = {
  readonly hash: Hash
  /** `count` random bytes as a binary string. */
  readonly random: (count: number) => string
  /** Calls in flight at most; one more is refused as BUSY, definitely. */
  readonly maxInFlight: number
}
