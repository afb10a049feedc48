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
  /** What it did not prove equal. */
  readonly unproved: readonly Unproved[]
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

/** Partitions that two owners share and that this node did not prove equal between them. */
export type Unproved = {
  /** The node that tells. */
  readonly by: NodeId
  readonly node: NodeId
  readonly partitions: number
  readonly why: UnprovedWhy
}

/**
 * Not compared. silent: it does not answer. starting: it has just begun. asker-starting: the node
 * that tells has, or is being refilled. waits: it has to prove that it is whole, and asks for that
 * itself. both-wait: so does the node that tells. other-view: they know different members.
 */
const uncomparedWhys = [
  'silent',
  'starting',
  'asker-starting',
  'waits',
  'both-wait',
  'other-view',
] as const
/**
 * Compared, and unlike still. refused: whoever lacks copies does not take them. too-large: they
 * cannot be sent. repeated: sums differ and no copy does, or only copies that were stored before.
 * written: others differ each time.
 */
export const unequalWhys = ['refused', 'too-large', 'repeated', 'written'] as const
export const unprovedWhys = [...uncomparedWhys, ...unequalWhys] as const
export type UnprovedWhy = (typeof unprovedWhys)[number]

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
