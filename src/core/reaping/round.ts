/** A round as its leader keeps it, and what it has asked a node of several of them. */

import type { Epoch, Instant, NodeId, Partition } from '../ids.ts'
import type { Mark } from './marks.ts'
import type { PartitionState } from './partition-rows.ts'
import type { RoundStep } from './round-message.ts'
import type { Candidate, PinnedCandidate } from './round-parts.ts'

export type Round = {
  readonly partition: Partition
  readonly epoch: Epoch
  readonly generation: number
  round: number
  /** As of when all owners were equal. */
  readonly stamp: number
  readonly began: Instant
  /** '' if they need not be: pins are shed of keys that differ, too. */
  sum: string
  keys: readonly Candidate[]
  pins: readonly PinnedCandidate[]
  /** Of the objects, as they were when it began. */
  readonly bytes: number
  step: RoundStep
  /** Who is not done with this step. */
  readonly left: Set<NodeId>
}

export type Asked = {
  readonly id: number
  readonly at: Instant
  /** With the number that each was named by. */
  readonly rounds: readonly { readonly round: Round; readonly number: number }[]
  readonly step: RoundStep
}

type Left = {
  readonly partition: Partition
  /** This node's. */
  readonly mark: Mark
  readonly state: PartitionState
  readonly owners: readonly NodeId[]
  readonly now: Instant
}

/**
 * The round of a mark that got as far as the floor, and was not ended here: at its floor. All
 * holders have turned and are drained, or nobody would have been asked for one. Another round
 * would replace its marks, and what some owners have reaped of it would come back to them from
 * those that have not.
 */
export function unfinished({ partition, mark, state, owners, now }: Left): Round | undefined {
  const { epoch, generation, round } = mark
  if (state.floor <= generation || state.reaped > generation) return undefined
  const keys = mark.keys.map(({ token, key }) => ({ token, key, digest: '' }))
  const pins = mark.pins.map(one => ({ ...one, digest: '' }))
  return {
    ...{ partition, epoch, generation, round, stamp: 0, began: now, sum: '', keys, pins, bytes: 0 },
    step: 'floor',
    left: new Set(owners),
  }
}
