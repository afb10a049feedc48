/** What a client asks a node: arrays by position, `docs/wire.md` shows them all. */

import { membersMax } from '../core/membership/view.ts'
import type { ClientRequest, GetRequest, InspectRequest, PutRequest } from '../core/message.ts'
import { type RepairMode, repairModes } from '../core/quorum/repair-mode.ts'
import { counterMax } from './bounds.ts'
import { countRow, writeCount } from './count-codec.ts'
import { exchangeRequestRow, writeExchangeRequest } from './exchange-status-codec.ts'
import { faultsRow, writeFaults } from './fault-codec.ts'
import { scanRow, writeScan } from './listing-codec.ts'
import { readBytes, readNode, writeOptionalBytes } from './outcome-codec.ts'
import type { Writer } from './pack.ts'
import type { Reader } from './read.ts'
import { repairRow, writeRepair } from './repair-codec.ts'
import { type Row, readEnvelope, tableOf, writeEnvelope } from './table.ts'
import { tags } from './tags.ts'
import { wholenessRow, writeWholenessRequest } from './wholeness-codec.ts'

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
      break
    case 'wholeness':
      writeWholenessRequest(writer, request)
      break
    case 'hints':
      writer.array(3)
      writer.uint(tags.hints)
      writer.uint(request.id)
      if (request.drain === undefined) writer.nil()
      else writer.text(request.drain)
      break
    case 'exchange':
      writeExchangeRequest(writer, request)
      break
    case 'repair':
      writeRepair(writer, request)
      break
    case 'count':
      writeCount(writer, request)
  }
}

export function writePut(writer: Writer, request: PutRequest): void {
  writeEnvelope(writer, 13, tags.put, request)
  writer.binary(request.key)
  writeOptionalBytes(writer, request.value)
  writeOptionalBytes(writer, request.context)
  writer.binary(request.op)
  writer.boolean(request.again)
  writer.uint(request.generation)
  writeOptionalUint(writer, request.w)
  writer.boolean(request.strict)
  writer.boolean(request.explain)
}

function writeGet(writer: Writer, request: GetRequest): void {
  writeEnvelope(writer, 9, tags.get, request)
  writer.binary(request.key)
  writeOptionalUint(writer, request.r)
  writer.boolean(request.strict)
  if (request.repair === undefined) writer.nil()
  else writeRepairMode(writer, request.repair)
  writer.boolean(request.explain)
}

/** As a count: a word by its place among them, a part in millionths behind the words. */
export function writeRepairMode(writer: Writer, mode: RepairMode): void {
  writer.uint(
    typeof mode === 'number' ? partsFrom + Math.round(mode * 1e6) : repairModes.indexOf(mode),
  )
}

export function readRepairMode(reader: Reader): RepairMode {
  const count = reader.uint(partsFrom + 1e6)
  if (count >= partsFrom) return (count - partsFrom) / 1e6
  return repairModes[count] ?? reader.refuse('a mode of read repair that there is not')
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
  return {
    type: 'get',
    id,
    epoch,
    timeLeft,
    key: reader.key(),
    r: reader.optional(readQuorum),
    strict: reader.boolean(),
    repair: reader.optional(readRepairMode),
    explain: reader.boolean(),
  }
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
    strict: reader.boolean(),
    explain: reader.boolean(),
  }
}

function readInspect(reader: Reader): ClientRequest {
  return { type: 'inspect', ...readEnvelope(reader), key: reader.key() }
}

function readQuorum(reader: Reader): number {
  return reader.uint(membersMax)
}

/** Counts below it are words. */
const partsFrom = 16

export const putRow: Row<PutRequest> = { tag: tags.put, arity: 13, read: readPut }

export const clientRequests = tableOf<ClientRequest>([
  { tag: tags.get, arity: 9, read: readGet },
  putRow,
  scanRow,
  { tag: tags.inspect, arity: 5, read: readInspect },
  { tag: tags.view, arity: 2, read: reader => ({ type: 'view', id: reader.uint() }) },
  { tag: tags.status, arity: 2, read: reader => ({ type: 'status', id: reader.uint() }) },
  { tag: tags.gossip, arity: 2, read: reader => ({ type: 'gossip', id: reader.uint() }) },
  faultsRow,
  wholenessRow,
  {
    tag: tags.hints,
    arity: 3,
    read: reader => ({ type: 'hints', id: reader.uint(), drain: reader.optional(readNode) }),
  },
  exchangeRequestRow,
  repairRow,
  countRow,
])
