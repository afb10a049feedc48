/** What a node answers a client: arrays by position, `docs/wire.md` shows them all. */

import type { OpId } from '../core/ids.ts'
import { membersMax } from '../core/membership/view.ts'
import type {
  ClientReply,
  FailReply,
  GetReply,
  InspectedReplica,
  InspectReply,
  PutReply,
  ShownVersion,
} from '../core/message.ts'
import type { StatusReply } from '../core/status-message.ts'
import { counterMax, itemsMax } from './bounds.ts'
import { countsAreRow, writeCountsAre } from './count-codec.ts'
import { exchangeIsRow, writeExchangeIs } from './exchange-status-codec.ts'
import { readExplained, writeExplained } from './explained-codec.ts'
import { faultsAreRow, writeFaultsAre } from './fault-codec.ts'
import { gossipedRow, writeGossiped } from './gossip-codec.ts'
import { hintsAreRow, writeHints } from './hints-codec.ts'
import { pageRow, writePage } from './listing-codec.ts'
import {
  readBytes,
  readDot,
  readFailure,
  readNodes,
  readOutcome,
  writeDot,
  writeFailure,
  writeNodes,
  writeOptionalBinary,
  writeOptionalBytes,
  writeOutcome,
} from './outcome-codec.ts'
import type { Writer } from './pack.ts'
import type { Reader } from './read.ts'
import { repairIsRow, writeRepairIs } from './repair-codec.ts'
import { type Row, tableOf } from './table.ts'
import { tags } from './tags.ts'
import { readView, writeView } from './view-codec.ts'
import { wholenessIsRow, writeWholeness } from './wholeness-codec.ts'

export function writeClientReply(writer: Writer, reply: ClientReply): void {
  switch (reply.type) {
    case 'got':
      writeGot(writer, reply)
      break
    case 'wrote':
      writeWrote(writer, reply)
      break
    case 'page':
      writePage(writer, reply)
      break
    case 'inspected':
      writeInspected(writer, reply)
      break
    case 'viewed':
      writeView(writer, reply)
      break
    case 'status-is':
      writeStatus(writer, reply)
      break
    case 'gossiped':
      writeGossiped(writer, reply)
      break
    case 'faults-are':
      writeFaultsAre(writer, reply)
      break
    case 'hints-are':
      writeHints(writer, reply)
      break
    case 'exchange-is':
      writeExchangeIs(writer, reply)
      break
    case 'repair-is':
      writeRepairIs(writer, reply)
      break
    case 'counts-are':
      writeCountsAre(writer, reply)
      break
    case 'wholeness-is':
      writeWholeness(writer, reply)
      break
    case 'failed':
      writeFailed(writer, reply)
      break
  }
}

export function writeWrote(writer: Writer, reply: PutReply): void {
  writeHead(writer, 8, tags.wrote, reply.id)
  writer.bytes(reply.context)
  writeOptionalBinary(writer, reply.newest)
  writer.uint(reply.siblings)
  writer.uint(reply.generation)
  writeOutcome(writer, reply.outcome)
  writeExplained(writer, reply.explained)
}

export function writeFailed(writer: Writer, reply: FailReply): void {
  writeHead(writer, 4, tags.failed, reply.id)
  writeFailure(writer, reply.failure)
  writeExplained(writer, reply.explained)
}

function writeGot(writer: Writer, reply: GetReply): void {
  writeHead(writer, 7, tags.got, reply.id)
  writer.array(reply.versions.length)
  for (const version of reply.versions) writeVersion(writer, version)
  writer.bytes(reply.context)
  writer.uint(reply.generation)
  writeOutcome(writer, reply.outcome)
  writeExplained(writer, reply.explained)
}

/** [dot, op, value or nil, at, via] */
function writeVersion(writer: Writer, version: ShownVersion): void {
  writer.array(5)
  writeDot(writer, version.dot)
  writer.binary(version.op)
  writeOptionalBytes(writer, version.value)
  writer.milliseconds(version.at)
  writer.text(version.via)
}

function writeInspected(writer: Writer, reply: InspectReply): void {
  writeHead(writer, 4, tags.inspected, reply.id)
  writer.binary(reply.token)
  writer.array(reply.replicas.length)
  for (const replica of reply.replicas) writeReplica(writer, replica)
}

/** [node, whole or nil, [[dot, tombstone, bytes, via], ...]] */
function writeReplica(writer: Writer, replica: InspectedReplica): void {
  writer.array(3)
  writer.text(replica.node)
  if (replica.whole === undefined) writer.nil()
  else writer.boolean(replica.whole)
  writer.array(replica.versions.length)
  for (const version of replica.versions) {
    writer.array(4)
    writeDot(writer, version.dot)
    writer.boolean(version.tombstone)
    writer.uint(version.bytes)
    writer.text(version.via)
  }
}

function writeStatus(writer: Writer, reply: StatusReply): void {
  writeHead(writer, 11, tags['status-is'], reply.id)
  writer.text(reply.node)
  writer.binary(reply.store)
  writer.binary(reply.start)
  writer.milliseconds(reply.upMs)
  writer.uint(reply.keys)
  writer.uint(reply.commits)
  writer.boolean(reply.full)
  writeNodes(writer, reply.connected)
  writer.array(reply.counters.length)
  for (const [name, value] of reply.counters) {
    writer.array(2)
    writer.text(name)
    writer.uint(value)
  }
}

function writeHead(writer: Writer, fields: number, tag: number, id: number): void {
  writer.array(fields)
  writer.uint(tag)
  writer.uint(id)
}

function readGot(reader: Reader): GetReply {
  return {
    type: 'got',
    id: reader.uint(),
    versions: reader.list(readVersion, itemsMax),
    context: reader.bytes(),
    generation: reader.uint(counterMax),
    outcome: readOutcome(reader),
    explained: readExplained(reader),
  }
}

function readVersion(reader: Reader): ShownVersion {
  reader.array(5)
  return {
    dot: readDot(reader),
    op: reader.id(12),
    value: reader.optional(readBytes),
    at: reader.uint(counterMax),
    via: reader.node(),
  }
}

function readWrote(reader: Reader): PutReply {
  return {
    type: 'wrote',
    id: reader.uint(),
    context: reader.bytes(),
    newest: reader.optional(readOp),
    siblings: reader.uint(counterMax),
    generation: reader.uint(counterMax),
    outcome: readOutcome(reader),
    explained: readExplained(reader),
  }
}

function readOp(reader: Reader): OpId {
  return reader.id(12)
}

function readInspected(reader: Reader): InspectReply {
  return {
    type: 'inspected',
    id: reader.uint(),
    token: reader.id(8),
    replicas: reader.list(readReplica, membersMax),
  }
}

function readReplica(reader: Reader): InspectedReplica {
  reader.array(3)
  return {
    node: reader.node(),
    whole: reader.optional(r => r.boolean()),
    versions: reader.list(readInspectedVersion, itemsMax),
  }
}

function readInspectedVersion(reader: Reader): InspectedReplica['versions'][number] {
  reader.array(4)
  return {
    dot: readDot(reader),
    tombstone: reader.boolean(),
    bytes: reader.uint(counterMax),
    via: reader.node(),
  }
}

function readStatus(reader: Reader): StatusReply {
  return {
    type: 'status-is',
    id: reader.uint(),
    node: reader.node(),
    store: reader.id(8),
    start: reader.id(8),
    upMs: reader.uint(counterMax),
    keys: reader.uint(counterMax),
    commits: reader.uint(counterMax),
    full: reader.boolean(),
    connected: readNodes(reader),
    counters: reader.list(readCounter, countersMax),
  }
}

function readCounter(reader: Reader): readonly [name: string, value: number] {
  reader.array(2)
  return [reader.text(64), reader.uint()]
}

function readFailed(reader: Reader): FailReply {
  return {
    type: 'failed',
    id: reader.uint(),
    failure: readFailure(reader),
    explained: readExplained(reader),
  }
}

const countersMax = 1024

export const wroteRow: Row<PutReply> = { tag: tags.wrote, arity: 8, read: readWrote }
export const failedRow: Row<FailReply> = { tag: tags.failed, arity: 4, read: readFailed }

export const clientReplies = tableOf<ClientReply>([
  { tag: tags.got, arity: 7, read: readGot },
  wroteRow,
  pageRow,
  { tag: tags.inspected, arity: 4, read: readInspected },
  { tag: tags.viewed, arity: 6, read: readView },
  { tag: tags['status-is'], arity: 11, read: readStatus },
  gossipedRow,
  faultsAreRow,
  hintsAreRow,
  exchangeIsRow,
  repairIsRow,
  countsAreRow,
  wholenessIsRow,
  failedRow,
])
