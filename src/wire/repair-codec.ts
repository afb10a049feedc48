/** An operator's repair, and how far it is: arrays by position, `docs/wire.md` shows them. */
import {
  jobNameMax,
  type Move,
  movesAtOnce,
  type RepairPlan,
  type RepairProgress,
  type RepairReply,
  type RepairRequest,
  rangesMax,
  repairModes,
  tooLargeMax,
  type Unproved,
  unprovedWhys,
} from '../core/entropy/repair-message.ts'
import type { TokenRange } from '../core/entropy/scope.ts'
import type { NodeId } from '../core/ids.ts'
import { membersMax } from '../core/membership/view.ts'
import { counterMax } from './bounds.ts'
import { readTooLarge, writeTooLarge } from './copy-codec.ts'
import { readNode, readNodes, writeNodes } from './outcome-codec.ts'
import type { Writer } from './pack.ts'
import type { Reader } from './read.ts'
import type { Row } from './table.ts'
import { tags } from './tags.ts'

export function writeRepair(writer: Writer, request: RepairRequest): void {
  const { id, job, begin, cancel, movesFrom } = request
  writer.array(6)
  writer.uint(tags.repair)
  writer.uint(id)
  writer.text(job)
  if (begin === undefined) writer.nil()
  else writePlan(writer, begin)
  writer.boolean(cancel)
  writer.uint(movesFrom)
}

export function writeRepairIs(writer: Writer, { id, node, progress }: RepairReply): void {
  writer.array(4)
  writer.uint(tags['repair-is'])
  writer.uint(id)
  writer.text(node)
  if (progress === undefined) writer.nil()
  else writeProgress(writer, progress)
}

/** [way, [[first, last], ...], node or nil, [silent, ...], concurrency, keys or nil, bytes or nil] */
function writePlan(writer: Writer, plan: RepairPlan): void {
  writer.array(7)
  writer.uint(repairModes.indexOf(plan.way))
  writer.array(plan.ranges.length)
  for (const { first, last } of plan.ranges) {
    writer.array(2)
    writer.binary(first)
    writer.binary(last)
  }
  if (plan.node === undefined) writer.nil()
  else writer.text(plan.node)
  writeNodes(writer, plan.silent)
  writer.uint(plan.concurrency)
  writeOptional(writer, plan.keysPerSecond)
  writeOptional(writer, plan.bytesPerSecond)
}

/** The fields of `RepairProgress` in their order. */
function writeProgress(writer: Writer, progress: RepairProgress): void {
  writer.array(18)
  writer.text(progress.job)
  writer.uint(repairModes.indexOf(progress.way))
  writer.boolean(progress.running)
  writer.milliseconds(progress.ms)
  for (const field of countFields) writer.uint(progress[field])
  writeCounts(writer, progress.perNode)
  writer.array(progress.unproved.length)
  for (const one of progress.unproved) writeUnproved(writer, one)
  for (const field of scrubFields) writer.uint(progress[field])
  writer.array(progress.moves.length)
  for (const move of progress.moves) writeMove(writer, move)
  writer.uint(progress.movesTotal)
  writer.array(progress.tooLarge.length)
  for (const one of progress.tooLarge) writeTooLarge(writer, one)
}

function writeCounts(writer: Writer, counts: readonly (readonly [NodeId, number])[]): void {
  writer.array(counts.length)
  for (const [node, count] of counts) {
    writer.array(2)
    writer.text(node)
    writer.uint(count)
  }
}

/** [by, node, partitions, why] */
function writeUnproved(writer: Writer, { by, node, partitions, why }: Unproved): void {
  writer.array(4)
  writer.text(by)
  writer.text(node)
  writer.uint(partitions)
  writer.uint(unprovedWhys.indexOf(why))
}

/** [key, from, to, bytes] */
function writeMove(writer: Writer, move: Move): void {
  writer.array(4)
  writer.binary(move.key)
  writer.text(move.from)
  writer.text(move.to)
  writer.uint(move.bytes)
}

function writeOptional(writer: Writer, value: number | undefined): void {
  if (value === undefined) writer.nil()
  else writer.uint(value)
}

function readRepair(reader: Reader): RepairRequest {
  return {
    type: 'repair',
    id: reader.uint(),
    job: reader.text(jobNameMax),
    begin: reader.optional(readPlan),
    cancel: reader.boolean(),
    movesFrom: reader.uint(counterMax),
  }
}

function readPlan(reader: Reader): RepairPlan {
  reader.array(7)
  return {
    way: readWay(reader),
    ranges: reader.list(readRange, rangesMax),
    node: reader.optional(readNode),
    silent: readNodes(reader),
    concurrency: Math.max(1, reader.uint(counterMax)),
    keysPerSecond: reader.optional(readRate),
    bytesPerSecond: reader.optional(readRate),
  }
}

function readRange(reader: Reader): TokenRange {
  reader.array(2)
  const range: TokenRange = { first: reader.id(8), last: reader.id(8) }
  return range.first <= range.last ? range : reader.refuse('a range that ends before it begins')
}

function readRate(reader: Reader): number {
  return reader.uint(counterMax) || reader.refuse('a rate of nothing')
}

function readWay(reader: Reader): RepairPlan['way'] {
  return repairModes[reader.uint()] ?? reader.refuse('a way of repairing that there is not')
}

function readRepairIs(reader: Reader): RepairReply {
  return {
    type: 'repair-is',
    id: reader.uint(),
    node: reader.node(),
    progress: reader.optional(readProgress),
  }
}

function readProgress(reader: Reader): RepairProgress {
  reader.array(18)
  return {
    job: reader.text(jobNameMax),
    way: readWay(reader),
    running: reader.boolean(),
    ms: reader.uint(counterMax),
    partitions: reader.uint(counterMax),
    done: reader.uint(counterMax),
    keys: reader.uint(counterMax),
    copies: reader.uint(counterMax),
    bytes: reader.uint(counterMax),
    compared: reader.uint(counterMax),
    perNode: reader.list(readCount, membersMax),
    unproved: reader.list(readUnproved, membersMax * unprovedWhys.length),
    rows: reader.uint(counterMax),
    damaged: reader.uint(counterMax),
    drifted: reader.uint(counterMax),
    moves: reader.list(readMove, movesAtOnce),
    movesTotal: reader.uint(counterMax),
    tooLarge: reader.list(readTooLarge, tooLargeMax),
  }
}

function readCount(reader: Reader): readonly [NodeId, number] {
  reader.array(2)
  return [reader.node(), reader.uint(counterMax)]
}

function readUnproved(reader: Reader): Unproved {
  reader.array(4)
  return {
    by: reader.node(),
    node: reader.node(),
    partitions: reader.uint(counterMax),
    why: unprovedWhys[reader.uint()] ?? reader.refuse('a reason that there is not'),
  }
}

function readMove(reader: Reader): Move {
  reader.array(4)
  return {
    key: reader.key(),
    from: reader.node(),
    to: reader.node(),
    bytes: reader.uint(counterMax),
  }
}

const countFields = ['partitions', 'done', 'keys', 'copies', 'bytes', 'compared'] as const
const scrubFields = ['rows', 'damaged', 'drifted'] as const

export const repairRow: Row<RepairRequest> = { tag: tags.repair, arity: 6, read: readRepair }
export const repairIsRow: Row<RepairReply> = {
  tag: tags['repair-is'],
  arity: 4,
  read: readRepairIs,
}
