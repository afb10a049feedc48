/**
 * `store.json`, beside the data file: it remembers that a store was made here, so that an
 * emptied or missing data file is never taken for a new store (LMDB opens an empty file
 * without a word).
 */
import { join } from 'node:path'
import { hexOf } from '../core/binary.ts'
import { replaceFile, textOf } from '../host/private-file.ts'
import { fieldsOf, nameFields, readName, type StoreName } from './identity.ts'
import { StoreRefused } from './store-error.ts'

/** What the directory says was made in it; undefined where nothing was. */
export function readStoreJson(directory: string): StoreName | undefined {
  const path = join(directory, 'store.json')
  const text = textOf(path)
  return text === undefined ? undefined : readName(fieldsOf(text, path), path)
}

export function writeStoreJson(directory: string, name: StoreName): void {
  const text = `${JSON.stringify(nameFields(name), undefined, 2)}\n`
  replaceFile(join(directory, 'store.json'), text)
}

/** Throws StoreRefused where `found` is not the store that was expected at this place. */
export function refuseOther(
  place: string,
  found: StoreName,
  expected: Omit<StoreName, 'store'> & { readonly store: StoreName['store'] | undefined },
): void {
  const say = (what: string, is: string, should: string) =>
    new StoreRefused(
      `${place} belongs to ${what} ${is}, not ${should}; ` +
        'point the node at its own directory, or move this one away',
    )
  if (found.cluster !== expected.cluster) {
    throw say('cluster', hexOf(found.cluster), hexOf(expected.cluster))
  }
  if (found.node !== expected.node) throw say('node', found.node, expected.node)
  if (expected.store !== undefined && found.store !== expected.store) {
    throw say('store', hexOf(found.store), hexOf(expected.store))
  }
}
