/**
 * The form of a checker: it hears of everything that happens, looks at the world at rest, and
 * says what is wrong. One invariant of design §7 a file; what needs a further one (the members'
 * views, say) is a further file in the list of `check/all.ts`.
 */
import type { Key, NodeId } from '../../core/ids.ts'
import type { SimClient } from '../client.ts'
import type { Context } from '../context.ts'
import type { Micros } from '../events.ts'
import type { Fault } from '../faults.ts'
import type { History, Write } from '../history.ts'
import type { Notice } from '../notice.ts'
import type { Decoded } from './decoded.ts'
import type { Beside } from './second-dots.ts'

export type Violation = {
  /** `I1` and so on: the number in docs/simulation.md. */
  readonly invariant: string
  readonly key: Key | undefined
  readonly at: Micros
  /** One sentence for a person. */
  readonly story: string
}

/** What a checker may look at. */
export type Scene = {
  readonly context: Context
  readonly decoded: Decoded
  readonly history: History
  readonly clients: readonly SimClient[]
  readonly faults: readonly Fault[]
  /** Nodes that stay dead. */
  readonly dead: ReadonlySet<NodeId>
  /** May this write come back beside what superseded it, under a further dot? */
  readonly mayReturn: (write: Write, beside?: Beside) => boolean
  readonly fail: (invariant: string, key: Key | undefined, story: string) => void
}

export type Checker = {
  readonly name: string
  readonly onNotice?: (notice: Notice) => void
  /** Everything healed, nothing is asked, every deadline passed. */
  readonly atRest?: () => void
}

export type MakeChecker = (scene: Scene) => Checker
