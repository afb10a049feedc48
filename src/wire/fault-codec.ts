/** Faults on purpose: the request that sets or asks for them, and its reply (`docs/wire.md`). */

import { membersMax } from '../core/membership/view.ts'
import type { ClientReply, ClientRequest, FaultRule } from '../core/message.ts'
import { counterMax } from './bounds.ts'
import type { Writer } from './pack.ts'
import type { Reader } from './read.ts'
import type { Row } from './table.ts'
import { tags } from './tags.ts'

type FaultsRequest = Extract<ClientRequest, { type: 'faults' }>
type FaultsReply = Extract<ClientReply, { type: 'faults-are' }>

export function writeFaults(writer: Writer, { id, rules, skewMs }: FaultsRequest): void {
  writer.array(4)
  writer.uint(tags.faults)
  writer.uint(id)
  if (rules === undefined) writer.nil()
  else writeRules(writer, rules)
  if (skewMs === undefined) writer.nil()
  else writeSkew(writer, skewMs)
}

export function writeFaultsAre(writer: Writer, { id, node, rules, skewMs }: FaultsReply): void {
  writer.array(5)
  writer.uint(tags['faults-are'])
  writer.uint(id)
  writer.text(node)
  writeRules(writer, rules)
  writeSkew(writer, skewMs)
}

/** [[peer, "in" or "out", drop in millionths, delay, jitter, rate or nil], ...] */
function writeRules(writer: Writer, rules: readonly FaultRule[]): void {
  writer.array(rules.length)
  for (const rule of rules) {
    writer.array(6)
    writer.text(rule.peer)
    writer.text(rule.direction)
    writer.uint(Math.round(rule.drop * millionths))
    writer.milliseconds(rule.delayMs)
    writer.milliseconds(rule.jitterMs)
    if (rule.rate === undefined) writer.nil()
    else writer.uint(rule.rate)
  }
}

/** [is it behind?, by how many milliseconds] */
export function writeSkew(writer: Writer, skewMs: number): void {
  writer.array(2)
  writer.boolean(skewMs < 0)
  writer.milliseconds(Math.abs(skewMs))
}

function readRules(reader: Reader): FaultRule[] {
  return reader.list(readRule, rulesMax)
}

function readRule(reader: Reader): FaultRule {
  reader.array(6)
  return {
    peer: reader.node(),
    direction: reader.oneOf(['in', 'out']),
    drop: reader.uint(millionths) / millionths,
    delayMs: reader.uint(delayMsMax),
    jitterMs: reader.uint(delayMsMax),
    rate: reader.optional(readRate),
  }
}

function readRate(reader: Reader): number {
  const rate = reader.uint(counterMax)
  return rate > 0 ? rate : reader.refuse('a rate of nothing')
}

export function readSkew(reader: Reader): number {
  reader.array(2)
  const isBehind = reader.boolean()
  const ms = reader.uint(skewMsMax)
  return isBehind && ms > 0 ? -ms : ms
}

const millionths = 1_000_000
/** One a direction. */
const rulesMax = 2 * membersMax
/** A minute. */
const delayMsMax = 60_000
/** Ten years. */
const skewMsMax = 10 * 365 * 86_400_000

export const faultsRow: Row<FaultsRequest> = {
  tag: tags.faults,
  arity: 4,
  read: reader => ({
    type: 'faults',
    id: reader.uint(),
    rules: reader.optional(readRules),
    skewMs: reader.optional(readSkew),
  }),
}

export const faultsAreRow: Row<FaultsReply> = {
  tag: tags['faults-are'],
  arity: 5,
  read: reader => ({
    type: 'faults-are',
    id: reader.uint(),
    node: reader.node(),
    rules: readRules(reader),
    skewMs: readSkew(reader),
  }),
}
