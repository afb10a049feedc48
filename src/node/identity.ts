/**
 * The identity row: whose store this is, whether it is whole (design §4: stores made with the
 * cluster are whole from birth), and how its last run ended. It stands in LMDB, in the same
 * file as the data, so that no data can be there without it.
 */
import { binaryOfHex, hexOf } from '../core/binary.ts'
import { type ClusterId, type NodeId, nodeIdOf, type StoreId } from '../core/ids.ts'
import type { Durability } from './lmdb-environment.ts'
import { StoreRefused } from './store-error.ts'

/** 2: objects may have pins, and marks of rounds name them. A store of format 1 is read, and is one of 2 from then on. */
const storeFormat = 2

/** Who a store is; in the identity row and in `store.json` alike. */
export type StoreName = {
  readonly cluster: ClusterId
  readonly node: NodeId
  readonly store: StoreId
}

export type StoreIdentity = StoreName & {
  /** True where nothing that this store acknowledged can be missing from it. */
  readonly whole: boolean
  /** Why it is not whole, for a person; undefined where it is. */
  readonly unwholeBecause: string | undefined
  readonly run: Run
}

/** The last run of a process on this store. */
type Run = {
  /** The machine's boot, '' where the system does not tell. */
  readonly boot: string
  readonly durability: Durability
  /** The run ended by a clean stop; false while it lasts. */
  readonly clean: boolean
}

export function encodeIdentity(identity: StoreIdentity): Uint8Array {
  const { whole, unwholeBecause, run } = identity
  return new TextEncoder().encode(
    JSON.stringify({ ...nameFields(identity), whole, unwholeBecause, run }),
  )
}

/** The identity in a row's bytes; throws StoreRefused where they are none. */
export function decodeIdentity(bytes: Uint8Array, place: string): StoreIdentity {
  const fields = fieldsOf(new TextDecoder().decode(bytes), place)
  const name = readName(fields, place)
  const run = fields['run']
  const because = fields['unwholeBecause']
  if (typeof fields['whole'] !== 'boolean' || !isRun(run)) throw unreadable(place)
  return {
    ...name,
    whole: fields['whole'],
    unwholeBecause: typeof because === 'string' ? because : undefined,
    run,
  }
}

/** What the row and `store.json` say in the same words. */
export function nameFields(name: StoreName): Record<string, unknown> {
  const { node } = name
  return { format: storeFormat, cluster: hexOf(name.cluster), node, store: hexOf(name.store) }
}

export function readName(fields: Record<string, unknown>, place: string): StoreName {
  const format = fields['format']
  if (typeof format === 'number' && format > storeFormat) {
    throw new StoreRefused(
      `${place} has format ${format}, made by a later version; ` +
        `this one reads format ${storeFormat}: start the node with the version that wrote it`,
    )
  }
  const cluster = binaryField(fields['cluster'], 16)
  const store = binaryField(fields['store'], 8)
  const node = typeof fields['node'] === 'string' ? nodeIdOf(fields['node']) : undefined
  const known = cluster !== undefined && store !== undefined && node !== undefined
  if (!(format === 1 || format === storeFormat) || !known) throw unreadable(place)
  return { cluster: cluster as ClusterId, node, store: store as StoreId }
}

/** The object that a JSON text spells. */
export function fieldsOf(text: string, place: string): Record<string, unknown> {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw unreadable(place)
  }
  if (typeof value !== 'object' || value === null) throw unreadable(place)
  return { ...value }
}

function unreadable(place: string): StoreRefused {
  return new StoreRefused(
    `${place} is damaged; restore the directory from a backup, ` +
      'or move it away to give the node a new store',
  )
}

function binaryField(value: unknown, bytes: number): string | undefined {
  const binary = typeof value === 'string' ? binaryOfHex(value) : undefined
  return binary?.length === bytes ? binary : undefined
}

function isRun(value: unknown): value is Run {
  if (typeof value !== 'object' || value === null) return false
  const run = value as Partial<Record<keyof Run, unknown>>
  const mode = run.durability === 'durable' || run.durability === 'committed'
  return mode && typeof run.boot === 'string' && typeof run.clean === 'boolean'
}
