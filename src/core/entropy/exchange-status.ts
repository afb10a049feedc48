/**
 * What an operator asks of a node's comparisons (`kv repair status`, `pause`, `resume`), and the
 * answer: the record of proofs, in runs of partitions of which the same is known.
 */
import type { NodeId, RequestId, WallTime } from '../ids.ts'
import { noRepairs, type PairProof, type RepairCounts } from './pair-proof.ts'

/** How do you compare? */
export type ExchangeRequest = {
  readonly type: 'exchange'
  readonly id: RequestId
  /** Begin no comparison from now on, or go on with them; undefined: leave it as it is. */
  readonly pause: boolean | undefined
}

export type ExchangeReply = {
  readonly type: 'exchange-is'
  readonly id: RequestId
  readonly node: NodeId
  readonly paused: boolean
  /** False while the tree is counted again, and in the first seconds of a process. */
  readonly ready: boolean
  readonly pairs: readonly PairStatus[]
  /** Longest ago first, and perhaps not all. */
  readonly runs: readonly ProvedRun[]
  /** Runs that did not fit. */
  readonly left: number
}

export type PairStatus = {
  readonly peer: NodeId
  /** Partitions that both own. */
  readonly shared: number
  /** When the last of them was proved equal; 0: some never were. */
  readonly equalAt: WallTime
  readonly repairs: RepairCounts
  readonly running: { readonly ms: number; readonly repaired: number } | undefined
  /** Comparisons that failed, since the last one that did not. */
  readonly failures: number
}

/** Partitions that both own, one behind the other, of which the same is known. */
export type ProvedRun = {
  readonly peer: NodeId
  readonly first: number
  readonly last: number
  readonly partitions: number
  readonly equalAt: WallTime
  readonly repairs: RepairCounts
}

/** Of the shared partitions, ascending. */
export function runsOf(
  peer: NodeId,
  shared: readonly number[],
  proof: PairProof | undefined,
): readonly ProvedRun[] {
  const runs: ProvedRun[] = []
  for (const partition of shared) {
    const equalAt = proof?.equalAt(partition) ?? 0
    const repairs = proof?.repairsOf(partition) ?? noRepairs
    const open = runs.at(-1)
    if (open !== undefined && open.equalAt === equalAt && isSame(open.repairs, repairs)) {
      runs[runs.length - 1] = { ...open, last: partition, partitions: open.partitions + 1 }
    } else runs.push({ peer, first: partition, last: partition, partitions: 1, equalAt, repairs })
  }
  return runs
}

/** So many of them as fit into an answer, longest ago first. */
export function oldestRuns(runs: readonly ProvedRun[]): {
  readonly runs: readonly ProvedRun[]
  readonly left: number
} {
  const sorted = [...runs].sort((a, b) => a.equalAt - b.equalAt || b.repairs.last - a.repairs.last)
  return { runs: sorted.slice(0, runsMax), left: Math.max(0, sorted.length - runsMax) }
}

function isSame(a: RepairCounts, b: RepairCounts): boolean {
  return a.total === b.total && a.times === b.times && a.last === b.last && a.most === b.most
}

export const runsMax = 1024
