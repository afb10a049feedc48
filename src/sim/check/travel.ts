/**
 * What cannot travel in worlds with small frames, told from the disks: a copy that no message
 * takes stays where it is, and so may its key differ between its owners, and tombstones wait in
 * its partition. Everything else is held to all that is promised.
 */
import { Carrier } from '../../core/carrier.ts'
import { encodeObject } from '../../core/causality/object.ts'
import { mergeSiblings, noSiblings, type Siblings } from '../../core/causality/siblings.ts'
import { partitionOf, tokenOf } from '../../core/hash.ts'
import type { Key } from '../../core/ids.ts'
import { simHash } from '../hash.ts'
import { valueSizesOf } from '../history.ts'
import type { Scene } from './checker.ts'
import { copiesOn } from './copies.ts'

/** May this copy not be sent in any message? */
export function isStuck(scene: Scene, siblings: Siblings): boolean {
  const { frameBytes } = scene.context.options
  return frameBytes !== undefined && !new Carrier(frameBytes).carries(encodeObject(siblings))
}

/** Keys of which a node that lives holds more than a message takes. */
export function stuckKeys(scene: Scene): ReadonlySet<Key> {
  const keys = new Set<Key>()
  if (scene.context.options.frameBytes === undefined) return keys
  for (const { id, disk } of scene.context.machines.values()) {
    if (scene.dead.has(id)) continue
    for (const [row, bytes] of disk.rows) {
      const copy = scene.decoded.copyIn(row, bytes)
      if (copy !== undefined && isStuck(scene, copy.siblings)) keys.add(copy.key)
    }
  }
  return keys
}

/** The partitions of these keys: what is deleted there is not reaped. */
export function partitionsOf(scene: Scene, keys: Iterable<Key>): ReadonlySet<number> {
  const { partitions } = scene.context.options
  return new Set([...keys].map(key => partitionOf(tokenOf(simHash, key), partitions)))
}

/**
 * Do all copies of a key together leave no room for one more large value in half a frame? Then a
 * put of it may be refused, and a get of it may not be answered.
 */
export function isCrowded(scene: Scene, key: Key): boolean {
  const { frameBytes } = scene.context.options
  if (frameBytes === undefined) return false
  const disks = [...scene.context.machines.values()].map(({ disk }) => disk.rows)
  const all = disks.flatMap(rows => copiesOn(scene, rows, key)).map(({ siblings }) => siblings)
  const bytes = encodeObject(all.reduce(mergeSiblings, noSiblings)).length
  return bytes + valueSizesOf({ frameBytes }).large + aboutBytes > frameBytes / 2
}

/** A version beside its value, and the name in front of a value. */
const aboutBytes = 100
