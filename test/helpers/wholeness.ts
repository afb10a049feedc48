/** A store's wholeness without the rest of its node. */
import type { NodeId } from '../../src/core/ids.ts'
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
}

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
  return new Wholeness({
    hash: nodeHash,
    reads: { get: row => disk.get(row), range: () => [] },
    placement,
    write: (row, bytes) => void disk.set(row, bytes),
    whole,
  })
}
