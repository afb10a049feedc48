/**
 * The protocol on one screen: every message that travels between nodes, and between a client
 * and a node. Messages are plain data. On the wire each is a msgpack array by position
 * (`src/wire`); who may send which is decided by the role proved in the hello (design §8).
 */
import type { Dot } from './causality/version-vector.ts'
import type { ExchangeMessage } from './entropy/exchange-message.ts'
import type { Explained } from './explained.ts'
import type { Epoch, Generation, Key, NodeId, OpId, RequestId, Token, WallTime } from './ids.ts'
import type { KeysListed, ListKeys, ScanReply, ScanRequest } from './listing-message.ts'
import type { ToldBeliefs } from './membership/beliefs.ts'
import type { DigestEntry, MemberDelta } from './membership/member-state.ts'
import type { Digest } from './membership/member-table.ts'
import type { ViewEntry } from './membership/view.ts'
import type { OperatorReply, OperatorRequest } from './operator-message.ts'
import type { Failure, Outcome } from './outcome.ts'
import type { RepairMode } from './quorum/repair-mode.ts'
import type { RoundMessage } from './reaping/round-message.ts'
import type { StatusReply } from './status-message.ts'
import type { RecallMessage } from './wholeness/recall-message.ts'

/** What every request carries: its number, the sender's epoch, the milliseconds it has left. */
export type Envelope = {
  readonly id: RequestId
  readonly epoch: Epoch
  readonly timeLeft: number
}

// -- between nodes -----------------------------------------------------------------------------

/** Keep this copy: merge the object (`causality/object.ts` bytes) into the row of its key. */
export type StoreCopy = Envelope & {
  readonly type: 'store'
  readonly key: Key
  readonly token: Token
  readonly object: Uint8Array
  /** Lowest generation that the copy was read at (design §2, protocols P). */
  readonly generation: Generation
  /** The coordinator's wall time, a hint for comparing. */
  readonly time: WallTime
  /** Keep it as a hint for this owner, whom it cannot be given; undefined: you own it. */
  readonly owner: NodeId | undefined
}

/** The copy is durable here, or was refused. */
export type CopyStored = {
  readonly type: 'stored'
  readonly id: RequestId
  readonly whole: boolean
  readonly refused: Failure | undefined
}

/** What do you hold of this key? A digest, or the whole object. */
export type ReadCopy = Envelope & {
  readonly type: 'read'
  readonly key: Key
  readonly token: Token
  readonly full: boolean
}

/** What a replica durably holds: `digest` is '' where it holds nothing. */
export type CopyRead = {
  readonly type: 'held'
  readonly id: RequestId
  readonly whole: boolean
  readonly generation: Generation
  readonly digest: string
  /** `causality/object.ts` bytes; undefined where nothing is held or only the digest was asked for. */
  readonly object: Uint8Array | undefined
  readonly refused: Failure | undefined
}

/** Hints that are yours: merge each copy into the row of its key. */
export type Handoff = Envelope & {
  readonly type: 'handoff'
  readonly copies: readonly HandedCopy[]
}
export type HandedCopy = Pick<StoreCopy, 'key' | 'token' | 'object' | 'generation' | 'time'>

/** They are durable here, but for those that were refused. */
export type Handed = {
  readonly type: 'handed'
  readonly id: RequestId
  readonly whole: boolean
  /** What others asked of this node in the last second: whoever hands over makes room for it. */
  readonly foreground: number
  /** Of all of them, or of the first that was left out. */
  readonly refused: Failure | undefined
  /** Positions of those that were refused, each for itself. */
  readonly left: readonly number[]
}

/** Coordinate this put for me: I am not on its preference list. */
export type Forward = Envelope & {
  readonly type: 'forward'
  readonly request: PutRequest
}
export type Forwarded = {
  readonly type: 'forwarded'
  readonly id: RequestId
  readonly reply: PutReply | FailReply
}

// -- membership (`membership/membership.ts`) ----------------------------------------------------

/** What every message of gossip carries: the sender's view, whole where the receiver's differs. */
type Views = {
  readonly id: RequestId
  readonly epoch: Epoch
  readonly view: readonly ViewEntry[] | undefined
}

/** This is what I know of whom; what do you know? */
export type GossipSyn = Views & { readonly type: 'syn'; readonly digest: Digest }
/** This is what you lack, and what I lack. */
export type GossipSynAck = Views & {
  readonly type: 'syn-ack'
  readonly deltas: readonly MemberDelta[]
  readonly wants: readonly DigestEntry[]
}
/** What you lacked; unasked: news. */
export type GossipAck = Views & { readonly type: 'ack'; readonly deltas: readonly MemberDelta[] }

/** Are you there? */
type Ping = { readonly type: 'ping'; readonly id: RequestId }
type Pong = { readonly type: 'pong'; readonly id: RequestId }
/** Is that one there? I cannot reach it. */
export type PingFor = { readonly type: 'ping-for'; readonly id: RequestId; readonly node: NodeId }
/** It answered me. */
type PongFor = { readonly type: 'pong-for'; readonly id: RequestId; readonly node: NodeId }

export type MembershipMessage =
  | GossipSyn
  | GossipSynAck
  | GossipAck
  | Ping
  | Pong
  | PingFor
  | PongFor

export type PeerMessage =
  | MembershipMessage
  | RecallMessage
  | StoreCopy
  | CopyStored
  | ReadCopy
  | CopyRead
  | Handoff
  | Handed
  | Forward
  | Forwarded
  | ListKeys
  | KeysListed
  | ExchangeMessage
  | RoundMessage

// -- between a client and a node ---------------------------------------------------------------

export type GetRequest = Envelope & {
  readonly type: 'get'
  readonly key: Key
  /** Answers needed; undefined: the cluster's R. */
  readonly r: number | undefined
  /** Only primaries count (Riak's pr). */
  readonly strict: boolean
  /** undefined: the cluster's. */
  readonly repair: RepairMode | undefined
  readonly explain: boolean
}

export type PutRequest = Envelope & {
  readonly type: 'put'
  readonly key: Key
  /** undefined: a delete. */
  readonly value: Uint8Array | undefined
  /** From an earlier get or put of this key; undefined: a blind put. */
  readonly context: Uint8Array | undefined
  readonly op: OpId
  /** True where this is not the first send of this operation. */
  readonly again: boolean
  /** The generation of the key's partition that the client last saw. */
  readonly generation: Generation
  readonly w: number | undefined
  /** Only primaries count (Riak's pw). */
  readonly strict: boolean
  readonly explain: boolean
}

/** What does each replica of this key hold? For `kv ring KEY`. */
export type InspectRequest = Envelope & { readonly type: 'inspect'; readonly key: Key }
/** Who are the members, and how is the cluster set? Also the first request of a client. */
type ViewRequest = { readonly type: 'view'; readonly id: RequestId }
/** How is this node? */
type StatusRequest = { readonly type: 'status'; readonly id: RequestId }
/** What do you believe of the members? */
type GossipRequest = { readonly type: 'gossip'; readonly id: RequestId }

/** What happens on purpose to what this node and another one send each other, one way. */
export type FaultRule = {
  readonly peer: NodeId
  /** As the node that keeps the rule sees it. */
  readonly direction: FaultDirection
  /** Which part of the messages is lost, 0 to 1 in millionths; at 1 neither dials the other. */
  readonly drop: number
  readonly delayMs: number
  /** Each message takes up to so much more or less. */
  readonly jitterMs: number
  /** Bytes a second, at least 1; undefined: as fast as it goes. */
  readonly rate: number | undefined
}
export type FaultDirection = 'in' | 'out'

/** Keep these rules, and this error of the wall clock; undefined: leave them as they are. */
type FaultsRequest = {
  readonly type: 'faults'
  readonly id: RequestId
  readonly rules: readonly FaultRule[] | undefined
  readonly skewMs: number | undefined
}

export type ClientRequest =
  | GossipRequest
  | FaultsRequest
  | OperatorRequest
  | GetRequest
  | PutRequest
  | ScanRequest
  | InspectRequest
  | ViewRequest
  | StatusRequest

/** One sibling as a client sees it. */
export type ShownVersion = {
  readonly dot: Dot
  readonly op: OpId
  /** undefined: a tombstone. */
  readonly value: Uint8Array | undefined
  readonly at: WallTime
  readonly via: NodeId
}

export type GetReply = {
  readonly type: 'got'
  readonly id: RequestId
  /** Every live version, sorted by dot; empty where the key is not there. */
  readonly versions: readonly ShownVersion[]
  /** To be sent back with the next put; also present where nothing was found. */
  readonly context: Uint8Array
  readonly generation: Generation
  readonly outcome: Outcome
  readonly explained: Explained | undefined
}

export type PutReply = {
  readonly type: 'wrote'
  readonly id: RequestId
  /** Covers exactly what the put saw and the put itself. */
  readonly context: Uint8Array
  /** The highest operation of the key that its coordinator knows; undefined: this one. */
  readonly newest: OpId | undefined
  /** Live versions beside this one at the coordinator. */
  readonly siblings: number
  readonly generation: Generation
  readonly outcome: Outcome
  readonly explained: Explained | undefined
}

export type InspectReply = {
  readonly type: 'inspected'
  readonly id: RequestId
  readonly token: Token
  readonly replicas: readonly InspectedReplica[]
}
export type InspectedReplica = {
  readonly node: NodeId
  /** undefined: no answer. */
  readonly whole: boolean | undefined
  readonly versions: readonly {
    readonly dot: Dot
    readonly tombstone: boolean
    readonly bytes: number
    readonly via: NodeId
  }[]
}

export type MemberRecord = {
  readonly id: NodeId
  readonly host: string
  readonly port: number
  readonly weight: number
  readonly zone: string
  /** Reserved for stage 7 (`security.md` §2.10); relayed unread, covered by the epoch. */
  readonly key: Uint8Array | undefined
  readonly statement: Uint8Array | undefined
}

export type ViewReply = {
  readonly type: 'viewed'
  readonly id: RequestId
  readonly epoch: Epoch
  readonly settings: ClusterSettings
  readonly members: readonly MemberRecord[]
  /** The cluster's time at this node, for operation ids. */
  readonly time: WallTime
}
export type ClusterSettings = {
  readonly replicas: number
  readonly readQuorum: number
  readonly writeQuorum: number
  readonly partitions: number
  readonly fallbacks: number
  readonly valueBytesMax: number
  readonly readRepair: RepairMode
}

export type GossipReply = ToldBeliefs & {
  readonly type: 'gossiped'
  readonly id: RequestId
  readonly node: NodeId
}

export type FaultsReply = {
  readonly type: 'faults-are'
  readonly id: RequestId
  readonly node: NodeId
  readonly rules: readonly FaultRule[]
  readonly skewMs: number
}

export type FailReply = {
  readonly type: 'failed'
  readonly id: RequestId
  readonly failure: Failure
  readonly explained: Explained | undefined
}

export type ClientReply =
  | GetReply
  | PutReply
  | ScanReply
  | InspectReply
  | ViewReply
  | StatusReply
  | GossipReply
  | FaultsReply
  | OperatorReply
  | FailReply
