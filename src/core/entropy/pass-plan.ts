/** What a comparison is about, and who watches it. */
import type { TooLarge } from '../carrier.ts'
import type { Siblings } from '../causality/siblings.ts'
import type { WallTime } from '../ids.ts'
import type { HandedCopy } from '../message.ts'
import type { Scope } from './scope.ts'
import type { Shared } from './shared.ts'

/** What a pass compares, and how. */
export type PassPlan = {
  readonly shared: Shared
  /** The clock that both sides go by. */
  readonly wall: WallTime
  /** Where the one before was given up. */
  readonly from: number
  /** Nodes that were waited for once (`descent.ts`). */
  readonly waited: ReadonlySet<string>
  /** Only this part of it; undefined: all. */
  readonly scope?: Scope | undefined
  /** False: what differs is found, and nothing moves. */
  readonly moves?: boolean
  readonly watch?: PassWatch | undefined
}

/** Who wants to hear of every copy that moves, or would. */
export type PassWatch = {
  /** So many bytes of a copy came or go, whether they are taken or refused. */
  readonly carried: (bytes: number) => void
  readonly taken: (copy: HandedCopy, siblings: Siblings) => void
  readonly given: (copy: HandedCopy) => void
  /** Whoever lacks it does not take it. */
  readonly refused: (copy: HandedCopy) => void
  /** One side has more of the key than can be sent. */
  readonly tooLarge: (key: TooLarge) => void
}
