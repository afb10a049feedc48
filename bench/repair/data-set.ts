/** The objects that both replicas hold, and what becomes of those that differ. */
import { bytesOf } from '../../src/core/binary.ts'
import { itemDigest } from '../../src/core/causality/digest.ts'
import { encodeObject } from '../../src/core/causality/object.ts'
import { encodeRecord } from '../../src/core/causality/record.ts'
import { noSiblings, putVersion, type Siblings } from '../../src/core/causality/siblings.ts'
import { tokenOf } from '../../src/core/hash.ts'
import type { Actor, Key, NodeId, OpId, Token } from '../../src/core/ids.ts'
import { objectRowKey } from '../../src/core/row-key.ts'
import type { RowKey } from '../../src/core/step.ts'
import { nodeHash } from '../../src/node/hash.ts'

export const valueBytes = 100

export type Entry = { readonly key: Key; readonly token: Token; readonly row: RowKey }

export function entryOf(number: number): Entry {
  const key = `bench:${String(number).padStart(14, '0')}` as Key
  const token = tokenOf(nodeHash, key)
  return { key, token, row: objectRowKey(token, key) }
}

/** What both hold in the beginning. */
export function firstOf(number: number): Siblings {
  return nextOf(noSiblings, 'both', number)
}

/** A later version by someone who had seen all; `by`: an actor of its own. */
export function nextOf(base: Siblings, by: string, number: number): Siblings {
  const actor = by.padEnd(8, '-') as Actor
  const value = bytesOf(`${by}:${number}:`.padEnd(valueBytes, 'v'))
  const counter = (base.vector.find(dot => dot.actor === actor)?.counter ?? 0) + 1
  return putVersion(base, base, {
    dot: { actor, counter },
    op: `${by}${counter}:${number}`.padEnd(12, '-').slice(0, 12) as OpId,
    tombstone: false,
    checksum: nodeHash.crc32(value),
    at: 1_700_000_000_000,
    via: 'n1' as NodeId,
    value,
  })
}

/** The row's bytes, and what it counts as. */
export function rowOf(digestKey: string, key: Key, siblings: Siblings) {
  const digest = itemDigest(nodeHash, digestKey, key, siblings)
  const object = encodeObject(siblings)
  const record = { object, digest, time: 1_700_000_000_000, generation: 0, field: undefined }
  return { digest, bytes: encodeRecord(nodeHash, key, record) }
}
