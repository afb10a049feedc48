/** What an operator wants repaired (`kv repair`), and how far a node is with it. */
import type { TooLarge } from '../carrier.ts'
import type { Key, NodeId, RequestId } from '../ids.ts'
import type { TokenRange } from './scope.ts'

/**
 * repair: what differs moves. preview, check: it is found and counted, and nothing is written.
 * scrub: each node reads what it holds and puts right what it finds. verify: it only says so.
 */
export const repairModes = ['repair', 'preview', 'check', 'scrub', 'verify'] as const
export type RepairWay = (typeof repairModes)[number]

export type RepairPlan = {
  readonly way: RepairWay
  /** In the order of tokens. */
  readonly ranges: readonly TokenRange[]
  /** Only what this node owns, which compares it with all other owners; undefined: everything. */
  readonly node: NodeId | undefined
  /** Members that take no part: they do not answer. */
  readonly silent: readonly NodeId[]
  /** Partitions that are compared at once. */
  readonly concurrency: number
  /** At most, in a second, on each node; undefined: as fast as it goes. */
  readonly keysPerSecond: number | undefined
  readonly bytesPerSecond: number | undefined
}

/** Begin this repair, or end it, or say how far it is. */
export type RepairRequest = {
  readonly type: 'repair'
  readonly id: RequestId
  /** Names the repair on all nodes; '' asks for the last one. */
  readonly job: string
  /** undefined: only say. */
  readonly begin: RepairPlan | undefined
  /** End it, wherever it is. */
  readonly cancel: boolean
  /** Tell moves of a preview from this one on. */
  readonly movesFrom: number
}

export type RepairReply = {
  readonly type: 'repair-is'
  readonly id: RequestId
  readonly node: NodeId
  /** undefined: this process knows of none. One that runs is not replaced by another. */
  readonly progress: RepairProgress | undefined
}

export type RepairProgress = {
  readonly job: string
  readonly way: RepairWay
  readonly running: boolean
  readonly ms: number
  /** Partitions that this node has to see to, and those that it is through with. */
  readonly partitions: number
  readonly done: number
  /** Keys that differed, each counted once; copies that moved for them, and their bytes. */
  readonly keys: number
  readonly copies: number
  readonly bytes: number
  /** Bytes of the comparing itself, roughly. */
  readonly compared: number
  /** Copies by the node that got them. */
  readonly perNode: readonly (readonly [node: NodeId, copies: number])[]
  /** Partitions that could not be compared with this node. */
  readonly unreached: readonly (readonly [node: NodeId, partitions: number])[]
  /** Partitions that still differed when it gave up. */
  readonly left: number
  /** Of a scrub: rows that were read; those that are damaged; sums and digests that were wrong. */
  readonly rows: number
  readonly damaged: number
  readonly drifted: number
  /** Of a preview: moves from the one that was asked for on, and how many there are in all. */
  readonly moves: readonly Move[]
  readonly movesTotal: number
  /** Keys that differ and are too large to be sent, the first of them. */
  readonly tooLarge: readonly TooLarge[]
}

/** A copy that would move. */
export type Move = {
  readonly key: Key
  readonly from: NodeId
  readonly to: NodeId
  readonly bytes: number
}

/** Moves in one answer, and moves that a node remembers of one preview. */
export const movesAtOnce = 256
export const movesMax = 10_000
/** Keys in one answer that are too large to be sent. */
export const tooLargeMax = 100
/** Pieces of the ring in one plan. */
export const rangesMax = 256
export const jobNameMax = 32
