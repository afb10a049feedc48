/** What a node says of the hints that it keeps, as a test writes it down. */

import type { HintsOf, HintsReply } from '../../src/core/handoff/hints-message.ts'
import type { NodeId } from '../../src/core/ids.ts'

/** Of each owner: hints, bytes, since when, handed over. */
export type Kept = Readonly<Record<string, readonly [number, number?, number?, number?]>>

export function hintsAre(node: string, kept: Kept, id = 1): HintsReply {
  const owners = Object.entries(kept).map(([owner, [hints, bytes = 0, since = 0, handed = 0]]) => {
    return { owner: owner as NodeId, hints, bytes, since, handed } satisfies HintsOf
  })
  return { type: 'hints-are', id, node: node as NodeId, owners, bytesMax: 51_200_000_000 }
}
