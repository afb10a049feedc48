/** What a node holds, a page at a time: arrays by position, `docs/wire.md` shows them. */
import type { CountReply, CountRequest } from '../core/count.ts'
import { keyBytesMax } from '../core/ids.ts'
import { counterMax } from './bounds.ts'
import { writeOptionalBinary } from './outcome-codec.ts'
import type { Writer } from './pack.ts'
import type { Reader } from './read.ts'
import type { Row } from './table.ts'
import { tags } from './tags.ts'

export function writeCount(writer: Writer, { id, after }: CountRequest): void {
  writer.array(3)
  writer.uint(tags.count)
  writer.uint(id)
  writer.binary(after)
}

export function writeCountsAre(writer: Writer, reply: CountReply): void {
  writer.array(10)
  writer.uint(tags['counts-are'])
  writer.uint(reply.id)
  writer.text(reply.node)
  writer.uint(reply.keys)
  writer.uint(reply.bytes)
  writer.uint(reply.tombstones)
  writer.uint(reply.tombstoneBytes)
  writer.uint(reply.siblings)
  writer.uint(reply.damaged)
  writeOptionalBinary(writer, reply.next)
}

function readCount(reader: Reader): CountRequest {
  return { type: 'count', id: reader.uint(), after: readPlace(reader) }
}

function readCountsAre(reader: Reader): CountReply {
  return {
    type: 'counts-are',
    id: reader.uint(),
    node: reader.node(),
    keys: reader.uint(counterMax),
    bytes: reader.uint(counterMax),
    tombstones: reader.uint(counterMax),
    tombstoneBytes: reader.uint(counterMax),
    siblings: reader.uint(counterMax),
    damaged: reader.uint(counterMax),
    next: reader.optional(readPlace),
  }
}

function readPlace(reader: Reader): string {
  return reader.binary(0, 8 + keyBytesMax)
}

export const countRow: Row<CountRequest> = { tag: tags.count, arity: 3, read: readCount }
export const countsAreRow: Row<CountReply> = {
  tag: tags['counts-are'],
  arity: 10,
  read: readCountsAre,
}
