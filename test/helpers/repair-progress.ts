/** What a node tells of a repair in which nothing differed. */
import type { RepairProgress } from '../../src/core/entropy/repair-message.ts'

export const noProgress: Omit<RepairProgress, 'job' | 'way'> = {
  running: false,
  ms: 1500,
  partitions: 10,
  done: 10,
  keys: 0,
  copies: 0,
  bytes: 0,
  compared: 0,
  perNode: [],
  unproved: [],
  rows: 0,
  damaged: 0,
  drifted: 0,
  moves: [],
  movesTotal: 0,
  tooLarge: [],
}
