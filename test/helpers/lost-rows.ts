/** Damage to the store of a node that is stopped, done through the product's own store. */
import { join } from 'node:path'
import { headerRow } from '../../src/core/entropy/tree-rows.ts'
import type { NodeId } from '../../src/core/ids.ts'
import { objectRowAt, objectRowsEnd } from '../../src/core/row-key.ts'
import type { RowKey } from '../../src/core/step.ts'
import { clusterSetup } from '../../src/node/node-setup.ts'
import { openStore } from '../../src/node/open-store.ts'

/**
 * Removes objects as if they had never come, and returns their keys: at most so many of those
 * that are wanted. The tree is left to be counted anew, so that it agrees with what is there.
 */
export async function loseRows(
  directory: string,
  node: string,
  count: number,
  isWanted: (row: RowKey) => boolean,
): Promise<readonly string[]> {
  const { cluster, durability } = clusterSetup(join(directory, 'cluster.json'), node, false, () => {
    return undefined
  })
  const store = await openStore({
    directory: join(directory, 'nodes', node),
    cluster,
    node: node as NodeId,
    durability,
    create: false,
  })
  const all = store.reads.range(objectRowAt(''), objectRowsEnd, 1_000_000)
  const lost = all.filter(({ key }) => isWanted(key)).slice(0, count)
  const rows = [headerRow, ...lost.map(({ key }) => key)]
  const result = await store.commit(rows.map(key => ({ key, value: undefined })))
  await store.close()
  if (result !== 'durable') throw new Error(`the rows are not removed: ${result}`)
  return lost.map(({ key }) => key.slice(9))
}
