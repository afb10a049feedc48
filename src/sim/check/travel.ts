/**
 * What cannot travel in worlds with small frames, told from the disks: a copy that no message
 * takes stays where it is, and so may its key differ between its owners, and tombstones wait in
 * its partition. Everything else is held to all that is promised.
 */
import { Carrier } from '../../core/carrier.ts'
import { encodeObject } from '../../core/causality/object.ts'
import {
  mergeSiblings,
  noSiblings,
  opsKept,
  type Siblings,
  type Version,
} from '../../core/causality/siblings.ts'
import { partitionOf, tokenOf } from '../../core/hash.ts'
import type { Actor, Key, NodeId, OpId, WallTime } from '../../core/ids.ts'
import { simHash } from '../hash.ts'
import { type Call, isAmong, payloadOf, type Write } from '../history.ts'
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
 * May this call be refused for the size of its key? A get if what it may find fits no message, and
 * so a put that is sent again and may find itself there; any put if what it makes of some copy, or
 * of all together, is more than half a frame: beside its own value only what its writer had not
 * seen stays.
 */
export function mayBeTooLarge(scene: Scene, { key, kind, write, again }: Call): boolean {
  const { frameBytes } = scene.context.options
  if (frameBytes === undefined) return false
  const { objectBytesMax, madeBytesMax } = new Carrier(frameBytes)
  const disks = [...scene.context.machines.values()].map(({ disk }) => disk.rows)
  const copies = disks.flatMap(rows => copiesOn(scene, rows, key)).map(({ siblings }) => siblings)
  const bases = [...copies, copies.reduce(mergeSiblings, noSiblings)]
  const isFound = kind === 'get' || again
  if (isFound && bases.some(base => encodeObject(base).length > objectBytesMax)) return true
  if (write === undefined) return false
  return bases.some(base => encodeObject(madeOf(scene, base, write)).length > madeBytesMax)
}

/** What this write makes of a copy that it was not applied to, with its id pinned. */
function madeOf({ history }: Scene, base: Siblings, write: Write): Siblings {
  const { op = noOp } = write
  const version: Version = {
    dot: { actor: newActor, counter: 1 },
    op,
    tombstone: write.deletes,
    checksum: 0,
    at: 0 as WallTime,
    via: longestName,
    value: write.deletes ? noBytes : payloadOf(write),
  }
  const rest = base.versions.filter(one => {
    const other = history.ofOp(one.op)
    return other !== write && (other === undefined || !isAmong(write.before, other))
  })
  const ids = [...base.ops.filter(one => one !== op), op].slice(0, opsKept)
  return {
    vector: [...base.vector, version.dot],
    versions: [...rest, version],
    ops: ids,
    pins: [...base.pins.filter(one => one !== op), op],
  }
}

const noBytes = new Uint8Array(0)
const noOp = '\x00'.repeat(12) as OpId
const newActor = '\x00'.repeat(8) as Actor
const longestName = 'n10' as NodeId
