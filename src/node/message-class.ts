/**
 * Which way a message of two nodes travels, and what it weighs. A request leaves on the asker's
 * own outgoing connection and its reply comes back on the same one, so each pair of nodes has
 * one connection each way and neither waits for the other's requests to drain.
 */
import type { ClientReply, ClientRequest, MembershipMessage, PeerMessage } from '../core/message.ts'
import { type Failure, nothingDone } from '../core/outcome.ts'
import type { Recall, Recalled } from '../core/wholeness/recall-message.ts'

export type PeerRequest = Extract<
  PeerMessage,
  {
    type:
      | 'store'
      | 'handoff'
      | 'read'
      | 'forward'
      | 'list'
      | 'compare'
      | 'sketch'
      | 'differ'
      | 'fetch'
      | 'round'
  }
>
type Said = MembershipMessage | Recall | Recalled
export type PeerReply = Exclude<PeerMessage, PeerRequest | Said>
/** Gossip is no request: it is answered or not, and nobody waits. */
type GossipAsk = Extract<Said, { type: 'syn' | 'ack' | 'ping' | 'ping-for' | 'recall' }>
export type GossipAnswer = Exclude<Said, GossipAsk>
/** What leaves on the asker's own connection. */
export type PeerAsk = PeerRequest | GossipAsk

/** Envelope, table entries and closures of one request in flight, roughly. */
const requestOverhead = 256

export function isPeerRequest(message: PeerMessage | ClientRequest): message is PeerRequest {
  return classOf[message.type] === 'request'
}

export function isGossipAsk(message: PeerMessage | ClientRequest): message is GossipAsk {
  return classOf[message.type] === 'gossip'
}

export function isGossipAnswer(message: PeerMessage): message is GossipAnswer {
  return classOf[message.type] === 'gossip-answer'
}

/** Does it travel on the asker's connection? */
export function isAsked(message: PeerMessage): message is PeerAsk {
  return isPeerRequest(message) || isGossipAsk(message)
}

const classOf: {
  readonly [Type in (PeerMessage | ClientRequest)['type']]:
    | 'request'
    | 'reply'
    | 'gossip'
    | 'gossip-answer'
    | 'client'
} = {
  store: 'request',
  handoff: 'request',
  read: 'request',
  forward: 'request',
  list: 'request',
  compare: 'request',
  sketch: 'request',
  differ: 'request',
  round: 'request',
  fetch: 'request',
  stored: 'reply',
  handed: 'reply',
  held: 'reply',
  forwarded: 'reply',
  listed: 'reply',
  compared: 'reply',
  differing: 'reply',
  rounded: 'reply',
  fetched: 'reply',
  syn: 'gossip',
  ack: 'gossip',
  ping: 'gossip',
  'ping-for': 'gossip',
  recall: 'gossip',
  'syn-ack': 'gossip-answer',
  pong: 'gossip-answer',
  'pong-for': 'gossip-answer',
  recalled: 'gossip-answer',
  get: 'client',
  put: 'client',
  scan: 'client',
  inspect: 'client',
  view: 'client',
  status: 'client',
  gossip: 'client',
  faults: 'client',
  hints: 'client',
  exchange: 'client',
  repair: 'client',
  count: 'client',
  wholeness: 'client',
}

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
    case 'handoff':
      return { type: 'handed', id, whole: false, foreground: 0, refused: failure }
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
        reply: { type: 'failed', id: message.request.id, failure, explained: undefined },
      }
    case 'list':
      return { type: 'listed', id, rows: [], upTo: '', refused: failure }
    case 'compare':
    case 'sketch':
      return { type: 'compared', id, ...notNow, wall: undefined, entries: new Uint8Array(0) }
    case 'round':
      return { type: 'rounded', id, done: false, parts: new Uint8Array(0) }
    case 'differ':
      return { type: 'differing', id, ...notNow, copies: [], wants: [], heldDone: 0, nodesDone: 0 }
    case 'fetch':
      return { type: 'fetched', id, ...notNow, copies: [], done: 0, after: '' }
  }
}

const notNow = { state: 'not-ready', foreground: 0 } as const
