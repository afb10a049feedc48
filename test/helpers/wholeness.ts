/** A store's wholeness without the rest of its node. */
import type { Instant, NodeId } from '../../src/core/ids.ts'
import { viewOf } from '../../src/core/membership/view.ts'
import { Placement } from '../../src/core/placement.ts'
import type { RowKey } from '../../src/core/step.ts'
import { Wholeness } from '../../src/core/wholeness/wholeness.ts'
import { nodeHash } from '../../src/node/hash.ts'
import { entryOf } from './members.ts'

export type StoreOptions = {
  readonly self?: string
  readonly members?: readonly string[]
  readonly replicas?: number
  readonly writeQuorum?: number
  readonly whole?: boolean
  readonly disk?: Map<RowKey, Uint8Array>
  /** Nobody has said yet what it had heard of this node. */
  readonly unheard?: boolean
}

const nothingHeard = { from: 'n2' as NodeId, verdict: 'no-more', commits: 0, own: 0 } as const

export function wholenessOf(options: StoreOptions = {}): Wholeness {
  const { self = 'n1', members = ['n1', 'n2', 'n3'], replicas = 3, writeQuorum = 2 } = options
  const { whole = true, disk = new Map<RowKey, Uint8Array>() } = options
  const settings = {
    replicas,
    readQuorum: replicas + 1 - writeQuorum,
    writeQuorum,
    partitions: 16,
    fallbacks: 0,
    valueBytesMax: 1024 * 1024,
    readRepair: 'blocking',
  } as const
  const view = viewOf(members.map(id => entryOf(id)))
  const placement = new Placement(self as NodeId, settings, view, nodeHash, () => false)
  const store = new Wholeness({
    hash: nodeHash,
    reads: { get: row => disk.get(row), range: () => [] },
    placement,
    write: (row, bytes) => void disk.set(row, bytes),
    whole,
  })
  if (options.unheard !== true) store.recalled(nothingHeard, 0 as Instant)
  return store
}
