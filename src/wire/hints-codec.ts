/** Which hints a node holds: arrays by position, `docs/wire.md` shows them. */

import type { HintsOf, HintsReply } from '../core/handoff/hints-message.ts'
import { membersMax } from '../core/membership/view.ts'
import { counterMax } from './bounds.ts'
import type { Writer } from './pack.ts'
import type { Reader } from './read.ts'
import type { Row } from './table.ts'
import { tags } from './tags.ts'

export function writeHints(writer: Writer, reply: HintsReply): void {
  writer.array(5)
  writer.uint(tags['hints-are'])
  writer.uint(reply.id)
  writer.text(reply.node)
  writer.array(reply.owners.length)
  for (const one of reply.owners) writeHintsOf(writer, one)
  writer.milliseconds(reply.bytesMax)
}

/** [owner, hints, bytes, since, handed] */
function writeHintsOf(writer: Writer, one: HintsOf): void {
  writer.array(5)
  writer.text(one.owner)
  writer.uint(one.hints)
  writer.uint(one.bytes)
  writer.milliseconds(one.since)
  writer.uint(one.handed)
}

function readHints(reader: Reader): HintsReply {
  return {
    type: 'hints-are',
    id: reader.uint(),
    node: reader.node(),
    owners: reader.list(readHintsOf, membersMax),
    bytesMax: reader.uint(counterMax),
  }
}

function readHintsOf(reader: Reader): HintsOf {
  reader.array(5)
  return {
    owner: reader.node(),
    hints: reader.uint(counterMax),
    bytes: reader.uint(counterMax),
    since: reader.uint(counterMax),
    handed: reader.uint(counterMax),
  }
}

export const hintsAreRow: Row<HintsReply> = { tag: tags['hints-are'], arity: 5, read: readHints }
