/** What a node proved equal, and whether it compares: arrays by position (`docs/wire.md`). */
import {
  type ExchangeReply,
  type ExchangeRequest,
  type PairStatus,
  type ProvedRun,
  runsMax,
} from '../core/entropy/exchange-status.ts'
import type { RepairCounts } from '../core/entropy/pair-proof.ts'
import { membersMax } from '../core/membership/view.ts'
import { counterMax } from './bounds.ts'
import type { Writer } from './pack.ts'
import type { Reader } from './read.ts'
import type { Row } from './table.ts'
import { tags } from './tags.ts'

export function writeExchangeRequest(writer: Writer, { id, pause }: ExchangeRequest): void {
  writer.array(3)
  writer.uint(tags.exchange)
  writer.uint(id)
  if (pause === undefined) writer.nil()
  else writer.boolean(pause)
}

export function writeExchangeIs(writer: Writer, reply: ExchangeReply): void {
  writer.array(8)
  writer.uint(tags['exchange-is'])
  writer.uint(reply.id)
  writer.text(reply.node)
  writer.boolean(reply.paused)
  writer.boolean(reply.ready)
  writer.array(reply.pairs.length)
  for (const pair of reply.pairs) writePair(writer, pair)
  writer.array(reply.runs.length)
  for (const run of reply.runs) writeRun(writer, run)
  writer.uint(reply.left)
}

/** [peer, shared, equalAt, counts, [ms, repaired] or nil, failures] */
function writePair(writer: Writer, pair: PairStatus): void {
  writer.array(6)
  writer.text(pair.peer)
  writer.uint(pair.shared)
  writer.milliseconds(pair.equalAt)
  writeCounts(writer, pair.repairs)
  if (pair.running === undefined) writer.nil()
  else {
    writer.array(2)
    writer.milliseconds(pair.running.ms)
    writer.uint(pair.running.repaired)
  }
  writer.uint(pair.failures)
}

/** [peer, first, last, partitions, equalAt, counts] */
function writeRun(writer: Writer, run: ProvedRun): void {
  writer.array(6)
  writer.text(run.peer)
  writer.uint(run.first)
  writer.uint(run.last)
  writer.uint(run.partitions)
  writer.milliseconds(run.equalAt)
  writeCounts(writer, run.repairs)
}

/** [last, most, times, total] */
function writeCounts(writer: Writer, counts: RepairCounts): void {
  writer.array(4)
  writer.uint(counts.last)
  writer.uint(counts.most)
  writer.uint(counts.times)
  writer.uint(counts.total)
}

function readExchange(reader: Reader): ExchangeRequest {
  return { type: 'exchange', id: reader.uint(), pause: reader.optional(r => r.boolean()) }
}

function readExchangeIs(reader: Reader): ExchangeReply {
  return {
    type: 'exchange-is',
    id: reader.uint(),
    node: reader.node(),
    paused: reader.boolean(),
    ready: reader.boolean(),
    pairs: reader.list(readPair, membersMax),
    runs: reader.list(readRun, runsMax),
    left: reader.uint(counterMax),
  }
}

function readPair(reader: Reader): PairStatus {
  reader.array(6)
  return {
    peer: reader.node(),
    shared: reader.uint(counterMax),
    equalAt: reader.uint(counterMax),
    repairs: readCounts(reader),
    running: reader.optional(readRunning),
    failures: reader.uint(counterMax),
  }
}

function readRunning(reader: Reader) {
  reader.array(2)
  return { ms: reader.uint(counterMax), repaired: reader.uint(counterMax) }
}

function readRun(reader: Reader): ProvedRun {
  reader.array(6)
  return {
    peer: reader.node(),
    first: reader.uint(counterMax),
    last: reader.uint(counterMax),
    partitions: reader.uint(counterMax),
    equalAt: reader.uint(counterMax),
    repairs: readCounts(reader),
  }
}

function readCounts(reader: Reader): RepairCounts {
  reader.array(4)
  return {
    last: reader.uint(counterMax),
    most: reader.uint(counterMax),
    times: reader.uint(counterMax),
    total: reader.uint(counterMax),
  }
}

export const exchangeRequestRow: Row<ExchangeRequest> = {
  tag: tags.exchange,
  arity: 3,
  read: readExchange,
}
export const exchangeIsRow: Row<ExchangeReply> = {
  tag: tags['exchange-is'],
  arity: 8,
  read: readExchangeIs,
}
