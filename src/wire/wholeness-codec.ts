/** Whether a node's store is whole: arrays by position, `docs/wire.md` shows them. */
import type { WholenessReply, WholenessRequest } from '../core/wholeness/wholeness-message.ts'
import { readNode, readNodes, writeNodes } from './outcome-codec.ts'
import type { Writer } from './pack.ts'
import type { Reader } from './read.ts'
import type { Row } from './table.ts'
import { tags } from './tags.ts'

export function writeWholenessRequest(writer: Writer, request: WholenessRequest): void {
  writer.array(3)
  writer.uint(tags.wholeness)
  writer.uint(request.id)
  if (request.acceptLoss === undefined) writer.nil()
  else writer.text(request.acceptLoss)
}

export function writeWholeness(writer: Writer, reply: WholenessReply): void {
  writer.array(7)
  writer.uint(tags['wholeness-is'])
  writer.uint(reply.id)
  writer.text(reply.node)
  writer.boolean(reply.whole)
  writer.uint(reply.unwhole)
  writeNodes(writer, reply.waitsFor)
  writer.uint(reply.helped)
}

function readWholeness(reader: Reader): WholenessReply {
  return {
    type: 'wholeness-is',
    id: reader.uint(),
    node: reader.node(),
    whole: reader.boolean(),
    unwhole: reader.uint(partitionsMax),
    waitsFor: readNodes(reader),
    helped: reader.uint(partitionsMax),
  }
}

const partitionsMax = 65_536

export const wholenessRow: Row<WholenessRequest> = {
  tag: tags.wholeness,
  arity: 3,
  read: reader => ({
    type: 'wholeness',
    id: reader.uint(),
    acceptLoss: reader.optional(readNode),
  }),
}
export const wholenessIsRow: Row<WholenessReply> = {
  tag: tags['wholeness-is'],
  arity: 7,
  read: readWholeness,
}
