/** How quickly membership works. One set for all nodes of a cluster; milliseconds. */
import type { DetectorTiming } from './detector.ts'

export type MembershipTiming = DetectorTiming & {
  readonly roundMs: number
  /** While there is news rounds follow each other so quickly. */
  readonly newsRoundMs: number
  /** Bytes of a digest, and of the deltas of one message. */
  readonly budgetBytes: number
}

export const defaultTiming: MembershipTiming = {
  roundMs: 1000,
  newsRoundMs: 200,
  budgetBytes: 16 * 1024,
  pingMs: 500,
  pauseMs: 500,
  phiSuspect: 8,
  indirectMs: 600,
  indirectCount: 3,
}
