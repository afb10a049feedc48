/**
 * Which way a message of two nodes travels, and what it weighs. A request leaves on the asker's
 * own outgoing connection and its reply comes back on the same one, so each pair of nodes has
 * one connection each way and neither waits for the other's requests to drain.
 */
import type { ClientReply, ClientRequest, PeerMessage } from '../core/message.ts'
import { type Failure, nothingDone } from '../core/outcome.ts'

export type PeerRequest = Extract<PeerMessage, { type: 'store' | 'read' | 'forward' | 'list' }>
export type PeerReply = Exclude<PeerMessage, PeerRequest>

/** Envelope, table entries and closures of one request in flight, roughly. */
const requestOverhead = 256

export function isPeerRequest(message: PeerMessage | ClientRequest): message is PeerRequest {
  switch (message.type) {
    case 'store':
    case 'read':
    case 'forward':
    case 'list':
      return true
    case 'stored':
    case 'held':
    case 'forwarded':
    case 'listed':
    case 'get':
    case 'put':
    case 'scan':
    case 'inspect':
    case 'view':
    case 'status':
      return false
  }
}

/** Bytes that a request holds while it is in flight, roughly. */
export function weightOf(message: PeerRequest | ClientRequest): number {
  switch (message.type) {
    case 'store':
      return requestOverhead + message.key.length + message.object.length
    case 'forward':
      return weightOf(message.request)
    case 'put': {
      const value = message.value?.length ?? 0
      return requestOverhead + message.key.length + value + (message.context?.length ?? 0)
    }
    case 'get':
    case 'inspect':
    case 'read':
      return requestOverhead + message.key.length
    case 'scan':
    case 'list':
      return requestOverhead + message.prefix.length + message.after.length
    case 'view':
    case 'status':
      return requestOverhead
  }
}

/** Bytes of values in a reply; 0 where it has none. */
export function valueBytesOf(reply: ClientReply): number {
  if (reply.type !== 'got') return 0
  let bytes = 0
  for (const version of reply.versions) bytes += version.value?.length ?? 0
  return bytes
}

/** The node has no room for this request: nothing was done. */
export function busy(what: string): Failure {
  return { code: 'BUSY', message: `the node is busy: ${what}`, outcome: nothingDone(0) }
}

/** The reply that refuses a node's request with a definite failure. */
export function peerRefusal(message: PeerRequest, failure: Failure): PeerReply {
  const id = message.id
  switch (message.type) {
    case 'store':
      return { type: 'stored', id, whole: false, refused: failure }
    case 'read':
      return {
        type: 'held',
        id,
        whole: false,
        generation: 0,
        digest: '',
        object: undefined,
        refused: failure,
      }
    case 'forward':
      return {
        type: 'forwarded',
        id,
        reply: { type: 'failed', id: message.request.id, failure },
      }
    case 'list':
      return { type: 'listed', id, rows: [], upTo: '', refused: failure }
  }
}
