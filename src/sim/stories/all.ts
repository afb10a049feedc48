/** Every story, in the order in which they are listed. */
import { claimEventual, claimSloppyFallback, claimSloppyWhole, claimStrict } from './claims.ts'
import { handoff } from './handoff.ts'
import {
  lateEffect,
  lostDisk,
  noReadYourWrites,
  prunedSibling,
  retryExpired,
} from './not-promised.ts'
import { partition } from './partition.ts'
import { reconcile } from './reconcile.ts'
import { refill } from './refill.ts'
import { staleReadAsync, staleReadBlocking } from './stale-read.ts'
import type { Story } from './story.ts'
import { strict } from './strict.ts'

export const stories: readonly Story[] = [
  handoff,
  reconcile,
  staleReadBlocking,
  staleReadAsync,
  strict,
  partition,
  refill,
  claimStrict,
  claimSloppyWhole,
  claimSloppyFallback,
  claimEventual,
  noReadYourWrites,
  lateEffect,
  prunedSibling,
  lostDisk,
  retryExpired,
]
