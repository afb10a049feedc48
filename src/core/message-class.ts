/**
 * Which way a message of two nodes travels. A request leaves on the asker's own outgoing
 * connection and its reply comes back on the same one, so each pair of nodes has one connection
 * each way and neither waits for the other's requests to drain.
 */
import type { ClientRequest, MembershipMessage, PeerMessage } from './message.ts'
import type { Recall, Recalled } from './wholeness/recall-message.ts'

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

export function isPeerRequest(message: PeerMessage | ClientRequest): message is PeerRequest {
  return classes.get(message.type) === 'request'
}

export function isPeerReply(message: PeerMessage): message is PeerReply {
  return classOf[message.type] === 'reply'
}

export function isGossipAsk(message: PeerMessage | ClientRequest): message is GossipAsk {
  return classes.get(message.type) === 'gossip'
}

export function isGossipAnswer(message: PeerMessage): message is GossipAnswer {
  return classOf[message.type] === 'gossip-answer'
}

/** Does it travel on the asker's connection? */
export function isAsked(message: PeerMessage): message is PeerAsk {
  return isPeerRequest(message) || isGossipAsk(message)
}

/** Does a message of this type go back on the asker's connection? A client's does not. */
export function isAnswerType(type: string): boolean {
  const found = classes.get(type)
  return found === 'reply' || found === 'gossip-answer'
}

type Class = 'request' | 'reply' | 'gossip' | 'gossip-answer'

const classOf: { readonly [Type in PeerMessage['type']]: Class } = {
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
}
const classes: ReadonlyMap<string, Class> = new Map(Object.entries(classOf))
