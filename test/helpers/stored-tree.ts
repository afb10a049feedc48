/**
 * Is the tree that a store has what its objects add up to? A process starts on the store as a
 * crash left it, counts what the markers name, and stores all: then each block is held against
 * its objects, counted without any of that.
 */
import { depthIn, depthMin, Leaves } from '../../src/core/entropy/leaves.ts'
import { Counter } from '../../src/core/entropy/rebuild.ts'
import { Tree } from '../../src/core/entropy/tree.ts'
import { blockId, blockRowKey, markerRows } from '../../src/core/entropy/tree-rows.ts'
import type { Instant } from '../../src/core/ids.ts'
import type { RowKey, Store, StoredRow } from '../../src/core/step.ts'
import { nodeHash } from '../../src/node/hash.ts'
import { openForReading } from '../../src/node/lmdb-environment.ts'

export type TreeVerdict = {
  readonly objects: number
  readonly blocks: number
  /** Blocks that a marker named. */
  readonly marked: number
  /** Partition and block of each that is not what its objects add up to. */
  readonly wrong: readonly string[]
}

/** Writes nothing: what the process would store is kept beside. */
export function judgeTree(reads: Store, digestKey: string, partitions: number): TreeVerdict {
  const stored = new Map<RowKey, Uint8Array | undefined>()
  const marked = reads
    .range(markerRows.from, markerRows.to, Number.MAX_SAFE_INTEGER)
    .reduce((sum, { value }) => sum + (value.length - 4) / 5, 0)
  store(new Tree({ hash: nodeHash, digestKey, reads, partitions, checkpointChanges: 1 }), stored)
  const bits = Math.log2(partitions)
  const counter = new Counter(nodeHash, reads)
  const wrong: string[] = []
  let [objects, blocks] = [0, 0]
  for (let partition = 0; partition < partitions; partition++) {
    const rowOf = (block: number) => {
      const key = blockRowKey(blockId(partition, block))
      return stored.has(key) ? stored.get(key) : reads.get(key)
    }
    const first = rowOf(0)
    const depth = first === undefined ? depthMin : (depthIn(nodeHash, first) ?? depthMin)
    const counted = new Leaves(partition, bits, depth)
    objects += counter.count(counted, bits, partition)
    for (let block = 0; block < counted.blocks; block++) {
      const row = rowOf(block)
      const right = counted.encode(nodeHash, block, [])
      const empty = new Leaves(partition, bits, depth).encode(nodeHash, 0, [])
      // Nothing was ever counted there.
      const same = Buffer.compare(row ?? empty.subarray(0, right.length), right) === 0
      if (!same) wrong.push(`${partition}/${block}`)
      blocks++
    }
  }
  return { objects, blocks, marked, wrong }
}

/** What `fixtures/tree-writer.ts` writes, once it was killed. */
export const killedTree = { digestKey: 'd'.repeat(32), partitions: 4 }

/** Holds the tree of a store against its objects, and leaves the store as the crash left it. */
export async function judgeKilled(
  directory: string,
  { digestKey, partitions } = killedTree,
): Promise<TreeVerdict> {
  const environment = openForReading(directory)
  try {
    return judgeTree(readsOf(environment), digestKey, partitions)
  } finally {
    await environment.close()
  }
}

/** The port by other means than the product's. */
function readsOf(environment: ReturnType<typeof openForReading>): Store {
  const bytes = (row: string) => Buffer.from(row, 'latin1')
  return {
    get: row => environment.get(bytes(row)),
    range: (from, to, limit) => {
      const options = { start: bytes(from), end: bytes(to), exclusiveStart: true, limit }
      return [...environment.getRange(options)].map(({ key, value }): StoredRow => {
        return { key: Buffer.from(key).toString('latin1') as RowKey, value: Uint8Array.from(value) }
      })
    },
  }
}

/** All that the tree would write until it may stop. */
function store(tree: Tree, rows: Map<RowKey, Uint8Array | undefined>): void {
  const now = 0 as Instant
  tree.stop()
  while (!tree.ready || tree.due) {
    for (const { key, value } of tree.turn()) rows.set(key, value)
    tree.settled(now)
    tree.tick(now)
  }
}
