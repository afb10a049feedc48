/** What a message weighs while a node holds it. */
import type { ClientReply, ClientRequest } from '../core/message.ts'
import type { PeerReply, PeerRequest } from '../core/message-class.ts'
import { type Failure, nothingDone } from '../core/outcome.ts'

/** Envelope, table entries and closures of one request in flight, roughly. */
const requestOverhead = 256

/** Bytes that a request holds while it is in flight, roughly. */
export function weightOf(message: PeerRequest | ClientRequest): number {
  switch (message.type) {
    case 'store':
      return requestOverhead + message.key.length + message.object.length
    case 'handoff': {
      let weight = requestOverhead
      for (const { key, object } of message.copies) weight += 64 + key.length + object.length
      return weight
    }
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
    case 'compare':
    case 'sketch':
      return requestOverhead + message.nodes.length
    case 'round':
      return requestOverhead + message.parts.length
    case 'fetch':
      return requestOverhead + 8 * message.partitions.length
    case 'differ': {
      let weight = requestOverhead + message.wanted.length
      for (const { key, known } of message.held) weight += 64 + key.length + known.length
      return weight
    }
    case 'view':
    case 'status':
    case 'gossip':
    case 'hints':
    case 'exchange':
    case 'wholeness':
      return requestOverhead
    case 'count':
      return requestOverhead + message.after.length
    case 'repair':
      return requestOverhead + 64 * (message.begin?.ranges.length ?? 0)
    case 'faults':
      return requestOverhead * (1 + (message.rules?.length ?? 0))
  }
}

/** Bytes of values in a reply; 0 where it has none. */
export function valueBytesOf(reply: ClientReply): number {
  if (reply.type !== 'got') return 0
  let bytes = 0
  for (const version of reply.versions) bytes += version.value?.length ?? 0
  return bytes
}

/** Bytes of objects in a reply to a member; 0 where it has none. */
export function objectBytesOf(reply: PeerReply): number {
  switch (reply.type) {
    case 'held':
      return reply.object?.length ?? 0
    case 'differing':
    case 'fetched':
      return reply.copies.reduce((bytes, { object }) => bytes + object.length, 0)
    default:
      return 0
  }
}

/** The node has no room for this request: nothing was done. */
export function busy(what: string): Failure {
  return { code: 'BUSY', message: `the node is busy: ${what}`, outcome: nothingDone(0) }
}
