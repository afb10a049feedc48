/** What bytes on disks and in messages say, decoded once for all checkers: they never change. */
import { decodeCheckedObject } from '../../core/causality/object.ts'
import { decodeRecord } from '../../core/causality/record.ts'
import type { Siblings } from '../../core/causality/siblings.ts'
import { tokenOf } from '../../core/hash.ts'
import type { Key, NodeId } from '../../core/ids.ts'
import { hintRowKey, objectRowKey } from '../../core/row-key.ts'
import type { RowKey } from '../../core/step.ts'
import { simHash } from '../hash.ts'

/** The object in a row of this key; undefined where the row is damaged. */
export type Decoded = {
  readonly row: (key: Key, bytes: Uint8Array) => Siblings | undefined
  /** The object in a hint of this key. */
  readonly hint: (key: Key, bytes: Uint8Array) => Siblings | undefined
  readonly object: (bytes: Uint8Array) => Siblings | undefined
  /** Where the key's row is. */
  readonly rowKey: (key: Key) => RowKey
  /** Where the hint of it for this owner is. */
  readonly hintKey: (key: Key, owner: NodeId) => RowKey
}

export function newDecoded(): Decoded {
  const rows = new WeakMap<Uint8Array, Siblings | 'none'>()
  const objects = new WeakMap<Uint8Array, Siblings | 'none'>()
  const rowKeys = new Map<Key, RowKey>()
  const once = (
    known: WeakMap<Uint8Array, Siblings | 'none'>,
    bytes: Uint8Array,
    decode: () => Siblings | undefined,
  ) => {
    let found = known.get(bytes)
    if (found === undefined) {
      found = decode() ?? 'none'
      known.set(bytes, found)
    }
    return found === 'none' ? undefined : found
  }
  return {
    row: (key, bytes) => once(rows, bytes, () => decodeRecord(simHash, key, bytes)?.siblings),
    rowKey: key => {
      const row = rowKeys.get(key) ?? objectRowKey(tokenOf(simHash, key), key)
      rowKeys.set(key, row)
      return row
    },
    hint: (key, bytes) =>
      once(rows, bytes, () => decodeRecord(simHash, key, bytes.subarray(6))?.siblings),
    hintKey: (key, owner) => hintRowKey(tokenOf(simHash, key), key, owner),
    object: bytes => once(objects, bytes, () => decodeCheckedObject(bytes)),
  }
}
