/** Temporary directories with stores in them, and the ids that the tests give them. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ClusterId, NodeId, StoreId } from '../../src/core/ids.ts'
import type { Durability } from '../../src/node/lmdb-environment.ts'
import type { StoreOptions } from '../../src/node/open-store.ts'

export const cluster = 'c'.repeat(16) as ClusterId
export const node = 'n1' as NodeId
export const founder = { store: 's'.repeat(8) as StoreId }

/** A new empty directory; remove it when done. */
export function newDirectory(): { readonly directory: string; readonly remove: () => void } {
  const directory = mkdtempSync(join(tmpdir(), 'kvorum-store-'))
  return { directory, remove: () => rmSync(directory, { recursive: true, force: true }) }
}

export function optionsFor(directory: string, durability: Durability = 'durable'): StoreOptions {
  return { directory, cluster, node, durability, create: true, founder }
}
