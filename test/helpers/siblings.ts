/** Objects of one version each, told apart by a letter: concurrent with each other. */
import { bytesOf } from '../../src/core/binary.ts'
import { noSiblings, putVersion, type Siblings } from '../../src/core/causality/siblings.ts'
import type { Actor, NodeId, OpId } from '../../src/core/ids.ts'
import { nodeHash } from '../../src/node/hash.ts'

export function objectOf(letter: string): Siblings {
  const version = {
    dot: { actor: letter.repeat(8) as Actor, counter: 1 },
    op: letter.repeat(12) as OpId,
    tombstone: false,
    checksum: nodeHash.crc32(bytesOf(letter)),
    at: 0,
    via: 'a' as NodeId,
    value: bytesOf(letter),
  }
  return putVersion(noSiblings, { vector: [], ops: [], pins: [] }, version)
}
