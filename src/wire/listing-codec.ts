/** Listings of keys, between nodes and for clients: arrays by position, `docs/wire.md` shows them. */
import { keyBytesMax, type Partition } from '../core/ids.ts'
import type {
  KeysListed,
  ListedKey,
  ListKeys,
  ScanMissing,
  ScanReply,
  ScanRequest,
} from '../core/listing-message.ts'
import { counterMax, itemsMax, pageKeysMax } from './bounds.ts'
import {
  lineBytesMax,
  readBytes,
  readFailure,
  writeOptionalBinary,
  writeOptionalBytes,
  writeOptionalFailure,
} from './outcome-codec.ts'
import type { Writer } from './pack.ts'
import type { Reader } from './read.ts'
import { type Row, readEnvelope, writeEnvelope } from './table.ts'
import { tags } from './tags.ts'

export function writeList(writer: Writer, message: ListKeys): void {
  writeEnvelope(writer, 8, tags.list, message)
  writer.binary(message.after)
  writer.uint(message.last)
  writer.binary(message.prefix)
  writer.uint(message.limit)
}

export function writeListed(writer: Writer, message: KeysListed): void {
  writer.array(6)
  writer.uint(tags.listed)
  writer.uint(message.id)
  writer.array(message.rows.length)
  for (const row of message.rows) writeListedKey(writer, row)
  writeOptionalBinary(writer, message.upTo)
  writer.bytes(message.counts)
  writeOptionalFailure(writer, message.refused)
}

/** [token, key, live, object] */
function writeListedKey(writer: Writer, row: ListedKey): void {
  writer.array(4)
  writer.binary(row.token)
  writer.binary(row.key)
  writer.boolean(row.live)
  writeOptionalBytes(writer, row.object)
}

export function writeScan(writer: Writer, request: ScanRequest): void {
  writeEnvelope(writer, 8, tags.scan, request)
  writer.binary(request.prefix)
  writer.binary(request.after)
  writer.uint(request.limit)
  writer.boolean(request.partial)
}

export function writePage(writer: Writer, reply: ScanReply): void {
  writer.array(5)
  writer.uint(tags.page)
  writer.uint(reply.id)
  writer.array(reply.keys.length)
  for (const key of reply.keys) writer.binary(key)
  writeOptionalBinary(writer, reply.cursor)
  if (reply.missing === undefined) return writer.nil()
  writer.array(4)
  writer.uint(reply.missing.partitions)
  writer.uint(reply.missing.first)
  writer.uint(reply.missing.last)
  writer.text(reply.missing.why.slice(0, lineBytesMax))
}

function readList(reader: Reader): ListKeys {
  return {
    type: 'list',
    ...readEnvelope(reader),
    after: reader.binary(0, placeBytesMax),
    last: reader.uint(partitionsMax - 1) as Partition,
    prefix: reader.binary(0, keyBytesMax),
    limit: reader.uint(counterMax),
  }
}

function readListed(reader: Reader): KeysListed {
  return {
    type: 'listed',
    id: reader.uint(),
    rows: reader.list(readListedKey, itemsMax),
    upTo: reader.optional(r => r.binary(0, placeBytesMax)),
    counts: reader.bytes(),
    refused: reader.optional(readFailure),
  }
}

function readListedKey(reader: Reader): ListedKey {
  reader.array(4)
  return {
    token: reader.id(8),
    key: reader.key(),
    live: reader.boolean(),
    object: reader.optional(readBytes),
  }
}

function readScan(reader: Reader): ScanRequest {
  return {
    type: 'scan',
    ...readEnvelope(reader),
    prefix: reader.binary(0, keyBytesMax),
    after: reader.binary(0, placeBytesMax),
    limit: reader.uint(counterMax),
    partial: reader.boolean(),
  }
}

function readPage(reader: Reader): ScanReply {
  return {
    type: 'page',
    id: reader.uint(),
    keys: reader.list(r => r.key(), pageKeysMax),
    cursor: reader.optional(r => r.binary(0, placeBytesMax)),
    missing: reader.optional(readMissing),
  }
}

function readMissing(reader: Reader): ScanMissing {
  reader.array(4)
  return {
    partitions: reader.uint(partitionsMax),
    first: reader.uint(partitionsMax),
    last: reader.uint(partitionsMax),
    why: reader.text(lineBytesMax),
  }
}

const placeBytesMax = 8 + keyBytesMax
const partitionsMax = 65_536

export const listRow: Row<ListKeys> = { tag: tags.list, arity: 8, read: readList }
export const listedRow: Row<KeysListed> = { tag: tags.listed, arity: 6, read: readListed }
export const scanRow: Row<ScanRequest> = { tag: tags.scan, arity: 8, read: readScan }
export const pageRow: Row<ScanReply> = { tag: tags.page, arity: 5, read: readPage }
