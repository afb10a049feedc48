/** What members say to each other of how far their stores are (design §4). */
import type { RequestId, StartId } from '../ids.ts'
import type { Life, Verdict } from './lives.ts'

/** My store is so far; what had you heard of me before? */
export type Recall = Life & { readonly type: 'recall'; readonly id: RequestId }

export type Recalled = {
  readonly type: 'recalled'
  readonly id: RequestId
  /** Of whom asked. */
  readonly start: StartId
  readonly verdict: Verdict
  /** The highest commit number heard before. */
  readonly commits: number
}

export type RecallMessage = Recall | Recalled
