/** What a node holds, put together: objects, hints, the tree over them, and whether it is whole. */
import { Carrier, usualFrameBytes } from './carrier.ts'
import type { Record } from './causality/record.ts'
import { defaultExchangeTiming, type ExchangeTiming } from './entropy/timing.ts'
import { Tree } from './entropy/tree.ts'
import { Hints } from './handoff/hints.ts'
import type { Hash } from './hash.ts'
import { Objects } from './objects.ts'
import type { Pending } from './pending.ts'
import type { Placement } from './placement.ts'
import type { Stored } from './quorum/put-coordination.ts'
import { type Stamps, stampsOf } from './reaping/reaping.ts'
import type { Env, Store } from './step.ts'
import { Lives } from './wholeness/lives.ts'
import { Recalls } from './wholeness/recalls.ts'
import { Wholeness } from './wholeness/wholeness.ts'

export type Held = Stamps<Stored> & {
  readonly hash: Hash
  readonly digestKey: string
  readonly reads: Store
  readonly pending: Pending<Record, Stored>
  readonly placement: Placement
  readonly timing: ExchangeTiming
  readonly tree: Tree
  readonly hints: Hints<Stored>
  readonly wholeness: Wholeness
  readonly recalls: Recalls
  readonly objects: Objects<Stored>
  readonly carrier: Carrier
}

export function heldBy(env: Env, placement: Placement, pending: Pending<Record, Stored>): Held {
  const { hash, secrets, reads, settings, checkpointChanges } = env
  const digestKey = secrets.digest
  const bytesMax = env.hintBytesMax ?? Number.MAX_SAFE_INTEGER
  const hints = new Hints<Stored>({ hash, digestKey, reads, pending, bytesMax })
  const timing = env.exchangeTiming ?? defaultExchangeTiming
  const { partitions } = settings
  const tree = new Tree({ hash, digestKey, reads, partitions, checkpointChanges, timing })
  const wholeness = new Wholeness({
    hash,
    reads,
    placement,
    write: (key, bytes) => pending.write(key, { bytes, meaning: undefined }),
    whole: env.whole,
  })
  const stamps = stampsOf<Stored>({ hash, reads, pending, partitions, placement })
  const parts = { hash, digestKey, reads, pending, hints, tree, wholeness, ...stamps }
  const objects = new Objects<Stored>(parts)
  const { store, start, commitsAtStart, commits } = env
  const lives = new Lives(hash, reads)
  const life = { store, start, commitsAtStart, commits }
  const recalls = new Recalls({ placement, wholeness, lives, pending, ...life })
  const carrier = new Carrier(env.frameBytes ?? usualFrameBytes)
  return { ...parts, timing, placement, recalls, objects, carrier }
}
