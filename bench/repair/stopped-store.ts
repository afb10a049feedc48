/**
 * The store of a node that is not running, opened through the product's own classes: filled in
 * the order of tokens, made to differ with its tree kept current, and its tree counted anew.
 */
import { decodeRecord, digestOfRecord } from '../../src/core/causality/record.ts'
import type { Siblings } from '../../src/core/causality/siblings.ts'
import { Tree } from '../../src/core/entropy/tree.ts'
import type { Instant } from '../../src/core/ids.ts'
import type { Row } from '../../src/core/step.ts'
import { nodeHash } from '../../src/node/hash.ts'
import type { OpenedStore } from '../../src/node/lmdb-store.ts'
import { openStore, type StoreOptions } from '../../src/node/open-store.ts'
import { judgeTree, type TreeVerdict } from '../../test/helpers/stored-tree.ts'
import { type Entry, entryOf, firstOf, rowOf } from './data-set.ts'

export type StorePlace = {
  readonly options: StoreOptions
  readonly digestKey: string
  readonly partitions: number
}

/** Puts the objects of these numbers into empty stores, without a tree: the nodes count it. */
export async function fill(
  places: readonly StorePlace[],
  count: number,
  progress: (text: string) => void,
): Promise<void> {
  const stores = await Promise.all(places.map(({ options }) => openStore(options)))
  const digestKey = places[0]?.digestKey ?? ''
  const tokens = Array.from({ length: count }, (_, i) => entryOf(i).token)
  const order = Uint32Array.from(tokens, (_, i) => i)
  order.sort((a, b) => ((tokens[a] as string) < (tokens[b] as string) ? -1 : 1))
  for (let from = 0; from < count; from += rowsAtOnce) {
    const rows = [...order.subarray(from, from + rowsAtOnce)].map((number): Row => {
      const { key, row } = entryOf(number)
      return { key: row, value: rowOf(digestKey, key, firstOf(number)).bytes }
    })
    await Promise.all(stores.map(store => commit(store, rows)))
    if ((from / rowsAtOnce) % 50 === 0) progress(`${from} of ${count} objects loaded`)
  }
  await Promise.all(stores.map(store => store.close()))
}

/** What becomes of an object; undefined: it is gone, as if it had never come. */
export type Edit = {
  readonly number: number
  readonly make: (base: Siblings) => Siblings | undefined
}

/** Makes a store differ, with the tree that its node would have. */
export async function edit(place: StorePlace, edits: readonly Edit[]): Promise<void> {
  const store = await openStore(place.options)
  const tree = treeOf(place, store)
  const turn = async (rows: readonly Row[]) => {
    await commit(store, [...rows, ...tree.turn()])
    tree.settled(now)
  }
  while (!tree.ready || tree.due) {
    tree.tick(now)
    if (tree.due) await turn([])
  }
  for (let from = 0; from < edits.length; from += rowsAtOnce) {
    const rows = edits.slice(from, from + rowsAtOnce).map(one => {
      return editedRow(place, store, tree, entryOf(one.number), one)
    })
    await turn(rows)
  }
  tree.stop()
  while (tree.due) await turn([])
  await store.close()
}

/** Holds the tree of a store against its objects. */
export async function judged({ options, digestKey, partitions }: StorePlace): Promise<TreeVerdict> {
  const store = await openStore(options)
  const verdict = judgeTree(store.reads, digestKey, partitions)
  await store.close()
  return verdict
}

function editedRow(
  { digestKey }: StorePlace,
  { reads }: OpenedStore,
  tree: Tree,
  { key, token, row }: Entry,
  { make }: Edit,
): Row {
  const bytes = reads.get(row)
  const record = bytes && decodeRecord(nodeHash, key, bytes)
  if (bytes === undefined || record === undefined) throw new Error(`${key} is not there`)
  const siblings = make(record.siblings)
  const next = siblings && rowOf(digestKey, key, siblings)
  tree.change(row, token, 0, digestOfRecord(nodeHash, key, bytes), next?.digest ?? '')
  return { key: row, value: next?.bytes }
}

/** As its node has it. */
export function treeOf({ digestKey, partitions }: StorePlace, { reads }: OpenedStore): Tree {
  return new Tree({ hash: nodeHash, digestKey, reads, partitions, checkpointChanges: undefined })
}

async function commit(store: OpenedStore, rows: readonly Row[]): Promise<void> {
  if ((await store.commit(rows)) !== 'durable') throw new Error('a commit is not durable')
}

const rowsAtOnce = 2000
const now = 0 as Instant
