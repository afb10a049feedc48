/**
 * What nodes say to each other to reap tombstones (design §2, protocols P): one question a step
 * for many partitions at once, and what became of each. `round-parts.ts` has their bytes.
 *
 *   learn   what are your generations?           any node: a start, and now and then
 *   prove   do you hold all this? then mark it   all primaries
 *   turn    go to the next generation            all that may hold the partition or its hints
 *   drain   is no older hint left?               the same; fallbacks refuse older copies from then on
 *   floor   refuse older copies                  all primaries
 *   reap    drop what was marked                 all primaries
 */
import type { Epoch, RequestId } from '../ids.ts'

export const roundSteps = ['learn', 'prove', 'turn', 'drain', 'floor', 'reap'] as const
export type RoundStep = (typeof roundSteps)[number]

export type RoundQuestion = {
  readonly type: 'round'
  readonly id: RequestId
  readonly epoch: Epoch
  readonly step: RoundStep
  /** The asker's clock, modulo 2^32; of `prove`: as of when it is asked. */
  readonly cut: number
  /** Of `prove`: how long ago that is, in milliseconds. */
  readonly age: number
  readonly parts: Uint8Array
}

export type RoundAnswer = {
  readonly type: 'rounded'
  readonly id: RequestId
  /** False where the sides know different members: nothing was done. */
  readonly done: boolean
  readonly parts: Uint8Array
}

export type RoundMessage = RoundQuestion | RoundAnswer
