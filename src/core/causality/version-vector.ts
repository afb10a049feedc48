/** Version vectors (Dynamo §4.4): which events a replica of a key has seen. */
import type { Actor } from '../ids.ts'

/** One event: the `counter`-th put of `actor` (from 1, below 2^48). */
export type Dot = { readonly actor: Actor; readonly counter: number }

/** Actor to highest counter: sorted by actor, no actor twice, counters from 1. */
export type VersionVector = readonly Dot[]
