/** What happens in a world, as its checkers and the timeline see it: facts, not opinions. */

import type { NodeId, StartId } from '../core/ids.ts'
import type { PeerMessage } from '../core/message.ts'
import type { Effect, Input, Row, RowKey } from '../core/step.ts'
import type { ClientId } from './client.ts'
import type { Fault } from './faults.ts'
import type { Call, Write } from './history.ts'
import type { Listed } from './lister.ts'

export type Notice =
  /** Just before the replica takes it. */
  | { readonly type: 'input'; readonly node: NodeId; readonly input: Input }
  /** Just before the host performs it. */
  | { readonly type: 'effect'; readonly node: NodeId; readonly effect: Effect }
  | { readonly type: 'durable'; readonly node: NodeId; readonly rows: readonly Row[] }
  | { readonly type: 'started'; readonly node: NodeId; readonly start: StartId }
  /** `lost`: what was not flushed and is gone. */
  | {
      readonly type: 'ended'
      readonly node: NodeId
      readonly why: string
      readonly lost: readonly Row[] | undefined
    }
  /** Its disk has no room for a commit, or for what a start writes: the process is gone. */
  | { readonly type: 'no-room'; readonly node: NodeId; readonly at: 'start' | 'commit' }
  | { readonly type: 'threw'; readonly where: string; readonly error: unknown }
  | { readonly type: 'fault'; readonly fault: Fault; readonly began: boolean }
  /** A disk lost rows by a fault that may do so. */
  | {
      readonly type: 'destroyed'
      readonly node: NodeId
      readonly before: ReadonlyMap<RowKey, Uint8Array>
      /** A row changed under a store that does not know of it. */
      readonly rots: boolean
    }
  | {
      readonly type: 'delivered'
      readonly from: string
      readonly to: string
      /** undefined: bytes of a stream. */
      readonly message: string | undefined
      readonly sentAt: number
    }
  | {
      readonly type: 'malformed'
      readonly at: string
      readonly from: string
      readonly reason: string
    }
  /** A message of this node is in the hands of its connection. */
  | {
      readonly type: 'queued'
      readonly node: NodeId
      readonly to: NodeId
      readonly message: PeerMessage
    }
  /** A member's connection to another is proved, and core is told; later it is gone. */
  | {
      readonly type: 'link-proved'
      readonly link: number
      readonly node: NodeId
      readonly to: NodeId
    }
  | { readonly type: 'link-over'; readonly link: number }
  | { readonly type: 'call'; readonly call: Call }
  /** A write is sent for the first time, so its operation id is known. */
  | { readonly type: 'sent'; readonly write: Write; readonly to: NodeId }
  | { readonly type: 'settled'; readonly call: Call; readonly client: ClientId }
  | { readonly type: 'listed'; readonly listed: Listed }
