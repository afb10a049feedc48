/**
 * The number that each message begins with. Numbers are fixed for ever and never given twice:
 * a changed message is a new number or a new protocol version. 1 to 15 belong to the hello.
 */
import type { ClientReply, ClientRequest, PeerMessage } from '../core/message.ts'

export const helloTags = { hello: 1, welcome: 2, proof: 3, ready: 4, refuse: 5 } as const

export type AnyMessage = PeerMessage | ClientRequest | ClientReply

export const tags = {
  store: 16,
  stored: 17,
  read: 18,
  held: 19,
  forward: 20,
  forwarded: 21,
  list: 22,
  listed: 23,
  syn: 24,
  'syn-ack': 25,
  ack: 26,
  ping: 27,
  pong: 28,
  'ping-for': 29,
  'pong-for': 30,
  handoff: 31,
  handed: 32,
  compare: 33,
  compared: 34,
  differ: 35,
  differing: 36,
  sketch: 41,
  get: 64,
  put: 65,
  scan: 66,
  inspect: 67,
  view: 68,
  status: 69,
  gossip: 70,
  faults: 71,
  hints: 72,
  got: 96,
  wrote: 97,
  page: 98,
  inspected: 99,
  viewed: 100,
  'status-is': 101,
  failed: 102,
  gossiped: 103,
  'faults-are': 104,
  'hints-are': 105,
} as const satisfies Record<AnyMessage['type'], number>
