/** What a client asks a node: arrays by position, `docs/wire.md` shows them all. */

import { keyBytesMax } from '../core/ids.ts'
import { membersMax } from '../core/membership/view.ts'
import type {
  ClientRequest,
  GetRequest,
  InspectRequest,
  PutRequest,
  ScanRequest,
} from '../core/message.ts'
import { counterMax } from './bounds.ts'
import { faultsRow, writeFaults } from './fault-codec.ts'
import { readBytes, writeOptionalBytes } from './outcome-codec.ts'
import type { Writer } from './pack.ts'
import type { Reader } from './read.ts'
import { type Row, readEnvelope, tableOf, writeEnvelope } from './table.ts'
import { tags } from './tags.ts'

export function writeClientRequest(writer: Writer, request: ClientRequest): void {
  switch (request.type) {
    case 'get':
      writeGet(writer, request)
      break
    case 'put':
      writePut(writer, request)
      break
    case 'scan':
      writeScan(writer, request)
      break
    case 'inspect':
      writeInspect(writer, request)
      break
    case 'view':
    case 'status':
    case 'gossip':
      writer.array(2)
      writer.uint(tags[request.type])
      writer.uint(request.id)
      break
    case 'faults':
      writeFaults(writer, request)
  }
}

export function writePut(writer: Writer, request: PutRequest): void {
  writeEnvelope(writer, 11, tags.put, request)
  writer.binary(request.key)
  writeOptionalBytes(writer, request.value)
  writeOptionalBytes(writer, request.context)
  writer.binary(request.op)
  writer.boolean(request.again)
  writer.uint(request.generation)
  writeOptionalUint(writer, request.w)
}

function writeGet(writer: Writer, request: GetRequest): void {
  writeEnvelope(writer, 6, tags.get, request)
  writer.binary(request.key)
  writeOptionalUint(writer, request.r)
}

function writeScan(writer: Writer, request: ScanRequest): void {
  writeEnvelope(writer, 7, tags.scan, request)
  writer.binary(request.prefix)
  writer.binary(request.after)
  writer.uint(request.limit)
}

function writeInspect(writer: Writer, request: InspectRequest): void {
  writeEnvelope(writer, 5, tags.inspect, request)
  writer.binary(request.key)
}

function writeOptionalUint(writer: Writer, value: number | undefined): void {
  if (value === undefined) writer.nil()
  else writer.uint(value)
}

function readGet(reader: Reader): GetRequest {
  const { id, epoch, timeLeft } = readEnvelope(reader)
  return { type: 'get', id, epoch, timeLeft, key: reader.key(), r: reader.optional(readQuorum) }
}

function readPut(reader: Reader): PutRequest {
  const { id, epoch, timeLeft } = readEnvelope(reader)
  return {
    type: 'put',
    id,
    epoch,
    timeLeft,
    key: reader.key(),
    value: reader.optional(readBytes),
    context: reader.optional(readBytes),
    op: reader.id(12),
    again: reader.boolean(),
    generation: reader.uint(counterMax),
    w: reader.optional(readQuorum),
  }
}

function readScan(reader: Reader): ScanRequest {
  return {
    type: 'scan',
    ...readEnvelope(reader),
    prefix: reader.binary(0, keyBytesMax),
    after: reader.binary(0, 8 + keyBytesMax),
    limit: reader.uint(counterMax),
  }
}

function readInspect(reader: Reader): ClientRequest {
  return { type: 'inspect', ...readEnvelope(reader), key: reader.key() }
}

function readQuorum(reader: Reader): number {
  return reader.uint(membersMax)
}

export const putRow: Row<PutRequest> = { tag: tags.put, arity: 11, read: readPut }

export const clientRequests = tableOf<ClientRequest>([
  { tag: tags.get, arity: 6, read: readGet },
  putRow,
  { tag: tags.scan, arity: 7, read: readScan },
  { tag: tags.inspect, arity: 5, read: readInspect },
  { tag: tags.view, arity: 2, read: reader => ({ type: 'view', id: reader.uint() }) },
  { tag: tags.status, arity: 2, read: reader => ({ type: 'status', id: reader.uint() }) },
  { tag: tags.gossip, arity: 2, read: reader => ({ type: 'gossip', id: reader.uint() }) },
  faultsRow,
])
