/** What bytes on disks and in messages say, decoded once for all checkers: they never change. */
import { decodeCheckedObject } from '../../core/causality/object.ts'
import { decodeRecord, type Record } from '../../core/causality/record.ts'
import type { Siblings } from '../../core/causality/siblings.ts'
import { tokenOf } from '../../core/hash.ts'
import type { Key, NodeId } from '../../core/ids.ts'
import {
  hintOfRow,
  hintRowKey,
  hintRows,
  keyOfRow,
  objectRowAt,
  objectRowKey,
  objectRowsEnd,
} from '../../core/row-key.ts'
import type { RowKey } from '../../core/step.ts'
import { simHash } from '../hash.ts'

export type Rows = ReadonlyMap<RowKey, Uint8Array>

/** A sound copy of a key: a node's own, or a hint that it keeps for an owner. */
export type HeldCopy = {
  readonly row: RowKey
  readonly key: Key
  /** undefined: it is the node's own. */
  readonly owner: NodeId | undefined
  readonly siblings: Siblings
}

export type Decoded = {
  /** The copy in a row; undefined where the row is damaged or no copy at all. */
  readonly copyIn: (row: RowKey, bytes: Uint8Array) => HeldCopy | undefined
  readonly object: (bytes: Uint8Array) => Siblings | undefined
  /** The rows in which a node may hold a copy of the key: its own, then one for each owner. */
  readonly rowsOf: (key: Key, owners: readonly NodeId[]) => readonly RowKey[]
}

export function newDecoded(): Decoded {
  const copies = new WeakMap<Uint8Array, HeldCopy | 'none'>()
  const objects = new WeakMap<Uint8Array, Siblings | 'none'>()
  const rowsOf = new Map<Key, readonly RowKey[]>()
  return {
    copyIn: (row, bytes) => once(copies, bytes, () => copyIn(row, bytes)),
    object: bytes => once(objects, bytes, () => decodeCheckedObject(bytes)),
    rowsOf: (key, owners) => {
      const known = rowsOf.get(key)
      if (known !== undefined && known.length === owners.length + 1) return known
      const token = tokenOf(simHash, key)
      const hints = owners.map(owner => hintRowKey(token, key, owner))
      const rows = [objectRowKey(token, key), ...hints]
      rowsOf.set(key, rows)
      return rows
    },
  }
}

function once<Found>(
  known: WeakMap<Uint8Array, Found | 'none'>,
  bytes: Uint8Array,
  decode: () => Found | undefined,
): Found | undefined {
  let found = known.get(bytes)
  if (found === undefined) {
    found = decode() ?? 'none'
    known.set(bytes, found)
  }
  return found === 'none' ? undefined : (found as Found)
}

/** The copy in a row; undefined where the row is damaged or no copy at all. */
export function copyIn(row: RowKey, bytes: Uint8Array): HeldCopy | undefined {
  if (row > objectRowAt('') && row < objectRowsEnd) {
    const { key } = keyOfRow(row)
    const record = decodeRecord(simHash, key, bytes)
    return record && { row, key, owner: undefined, siblings: record.siblings }
  }
  if (isHint(row)) {
    const { key, owner } = hintOfRow(row)
    const record = recordOfHint(row, bytes)
    return record && { row, key, owner, siblings: record.siblings }
  }
  return undefined
}

/** undefined where it is damaged. */
export function recordOfHint(row: RowKey, bytes: Uint8Array): Record | undefined {
  return decodeRecord(simHash, hintOfRow(row).key, bytes.subarray(sinceBytes))
}

/** Is this the row of a hint? */
export function isHint(row: RowKey): boolean {
  return row > hintRows.from && row < hintRows.to
}

/** Before its record a hint says since when it is kept. */
const sinceBytes = 6
