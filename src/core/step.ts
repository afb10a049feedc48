/**
 * The contract between core and its hosts (the node's runtime, the simulator): inputs go into
 * `Replica.step(now, input)`, effects come out, reads are pulled through `Store`. Core never
 * waits: what it asks for comes back as a later input (etcd/raft's `Ready`, design §1).
 */
import type { Brand } from './brand.ts'
import type { ExchangeTiming } from './entropy/timing.ts'
import type { Hash } from './hash.ts'
import type { Holder } from './holdings.ts'
import type { ClusterId, NodeId, StartId, StoreId, WallTime } from './ids.ts'
import type { MembershipTiming } from './membership/timing.ts'
import type {
  ClientReply,
  ClientRequest,
  ClusterSettings,
  MemberRecord,
  PeerMessage,
} from './message.ts'
import type { DiskSpace } from './room.ts'
import type { Unsent } from './unsent.ts'

/** The host's handle for one request of one client connection. */
export type Caller = Brand<number, 'Caller'>
/** Numbers the commits of one process start, from 1. */
export type CommitId = Brand<number, 'CommitId'>
/** Key space byte ‖ token ‖ key, a binary string: the key of a row in the store. */
export type RowKey = Brand<string, 'RowKey'>

/** A row of a commit; undefined removes it. The bytes belong to the commit: nobody changes them. */
export type Row = { readonly key: RowKey; readonly value: Uint8Array | undefined }

export type Input =
  /** About every 20 ms: deadlines are compared, the wall clock is brought in. */
  | { readonly type: 'tick'; readonly wall: WallTime }
  /** The host's turn is over: what was gathered may be committed. */
  | { readonly type: 'turn' }
  | { readonly type: 'message'; readonly from: NodeId; readonly message: PeerMessage }
  /** `holder`: whose it is, as far as that is known; what is held for it counts against them. */
  | {
      readonly type: 'request'
      readonly caller: Caller
      readonly holder?: Holder
      readonly request: ClientRequest
    }
  /** A proved connection to this node exists, or the last one is gone. */
  | { readonly type: 'connected' | 'disconnected'; readonly node: NodeId }
  /** durable: on disk. refused: nothing was written. unknown: may or may not be there. */
  | {
      readonly type: 'stored'
      readonly commit: CommitId
      readonly result: 'durable' | 'refused' | 'unknown'
    }
  /** The host looked at the disk: about every second, and when core asks for it. */
  | { readonly type: 'disk'; readonly space: DiskSpace }
  /** How many keys the store holds; now and then, for others to see. */
  | { readonly type: 'keys'; readonly count: number }
  /** The port is bound: others may be told of it. */
  | { readonly type: 'listening'; readonly host: string; readonly port: number }
  /** The process will stop on purpose: others are told. */
  | { readonly type: 'leave' }
  /** A message of the step before did not leave: nobody will answer it. Told in the same turn. */
  | {
      readonly type: 'unsent'
      readonly to: NodeId
      readonly message: PeerMessage
      readonly why: Unsent
    }
  /** The same of a reply: its client waits, and can be told something smaller. */
  | {
      readonly type: 'unreplied'
      readonly caller: Caller
      readonly reply: ClientReply
      readonly why: Unsent
    }

export type Effect =
  | { readonly type: 'send'; readonly to: NodeId; readonly message: PeerMessage }
  | { readonly type: 'reply'; readonly caller: Caller; readonly reply: ClientReply }
  /** Keep a connection to each of these, and to nobody else. */
  | { readonly type: 'peers'; readonly peers: readonly PeerAddress[] }
  /** One transaction; answered by one `stored`. At most one is under way. */
  | { readonly type: 'commit'; readonly commit: CommitId; readonly rows: readonly Row[] }
  /** Look at the disk now: much was written since the last look. */
  | { readonly type: 'look' }
  /** What log, monitor and tests observe. */
  | { readonly type: 'note'; readonly note: Note }
  /** The store can no longer be trusted: the process ends and is started again. */
  | { readonly type: 'halt'; readonly reason: string }

/** Where a member listens. */
export type PeerAddress = { readonly id: NodeId; readonly host: string; readonly port: number }

/** Something worth a line in the log, typed. */
export type Note = {
  readonly level: 'info' | 'warn' | 'error'
  readonly event: string
  readonly detail: Readonly<Record<string, string | number | boolean>>
}

/** Synchronous reads of durable state. A value's bytes may be kept; nobody changes them. */
export type Store = {
  readonly get: (key: RowKey) => Uint8Array | undefined
  /**
   * Rows in ascending order with from < key < to, at most `limit`, and none behind the one with
   * which their values reach `bytesMax`: without it, as many bytes as they have.
   */
  readonly range: (
    from: RowKey,
    to: RowKey,
    limit: number,
    bytesMax?: number,
  ) => readonly StoredRow[]
}
export type StoredRow = { readonly key: RowKey; readonly value: Uint8Array }

/** What a replica is born with. */
export type Env = {
  readonly self: NodeId
  readonly cluster: ClusterId
  readonly store: StoreId
  readonly start: StartId
  readonly settings: ClusterSettings
  /** As far as the host knows them; what the store and other members know is added. */
  readonly members: readonly MemberRecord[]
  readonly secrets: Secrets
  readonly hash: Hash
  readonly reads: Store
  /** `count` random bytes as a binary string; from the operating system in a real node. */
  readonly random: (count: number) => string
  /** Other than the default only where the simulator asks how timing matters. */
  readonly timing?: MembershipTiming
  /** Bytes that hints may take up here; undefined: as many as there are. */
  readonly hintBytesMax?: number
  /** Answered puts that are remembered until all acks are there; few only in simulations. */
  readonly owedPutsMax?: number | undefined
  /** Entries of a version vector past which some are dropped; fewer than 50 only in simulations. */
  readonly vectorEntriesMax?: number
  /** False only where the simulator asks what the other layers do alone. */
  readonly handoff?: boolean
  /** As `handoff`, of active anti-entropy. */
  readonly exchange?: boolean
  /** Other than the default only in simulations. */
  readonly exchangeTiming?: ExchangeTiming
  /** Changes of objects from one checkpoint of the tree to the next; few only in simulations. */
  readonly checkpointChanges?: number
  /** Of the longest message that the host can send; less than the usual only in simulations. */
  readonly frameBytes?: number
  /** True where the store was made with the cluster, and lost nothing that its host knows of. */
  readonly whole: boolean
  /** The store's durable commit number: as this process found it, and now. */
  readonly commitsAtStart: number
  readonly commits: () => number
}

/** The keys of `secret.json` that core uses. The network key belongs to the hello. */
export type Secrets = {
  /** Newest first; the first one signs, all are accepted. */
  readonly context: readonly { readonly id: number; readonly key: string }[]
  readonly digest: string
}
