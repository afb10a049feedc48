/** What replies of both tables share: dots, outcomes, failures (`core/outcome.ts`). */

import type { Dot } from '../core/causality/version-vector.ts'
import type { NodeId } from '../core/ids.ts'
import { membersMax } from '../core/membership/view.ts'
import { codes, type Failure, type Outcome } from '../core/outcome.ts'
import { counterMax } from './bounds.ts'
import type { Writer } from './pack.ts'
import type { Reader } from './read.ts'

/** Longest line for a person that is read; a longer one is cut where it is written. */
export const lineBytesMax = 1024

/** [actor, counter] */
export function writeDot(writer: Writer, dot: Dot): void {
  writer.array(2)
  writer.binary(dot.actor)
  writer.uint(dot.counter)
}

export function readDot(reader: Reader): Dot {
  reader.array(2)
  const actor: Dot['actor'] = reader.id(8)
  const counter = reader.uint(counterMax)
  return counter > 0 ? { actor, counter } : reader.refuse('a dot without a counter')
}

/**
 * [primaryAcks, fallbackAcks, needed, hinted, repaired, unrepaired, definite, dot or nil,
 * op or nil]
 */
export function writeOutcome(writer: Writer, outcome: Outcome): void {
  writer.array(9)
  writeNodes(writer, outcome.primaryAcks)
  writeNodes(writer, outcome.fallbackAcks)
  writer.uint(outcome.needed)
  writeNodes(writer, outcome.hinted)
  writeNodes(writer, outcome.repaired)
  writer.boolean(outcome.unrepaired)
  writer.boolean(outcome.definite)
  if (outcome.dot === undefined) writer.nil()
  else writeDot(writer, outcome.dot)
  writeOptionalBinary(writer, outcome.op)
}

export function readOutcome(reader: Reader): Outcome {
  reader.array(9)
  return {
    primaryAcks: readNodes(reader),
    fallbackAcks: readNodes(reader),
    needed: reader.uint(membersMax),
    hinted: readNodes(reader),
    repaired: readNodes(reader),
    unrepaired: reader.boolean(),
    definite: reader.boolean(),
    dot: reader.optional(readDot),
    op: reader.optional(r => r.id(12)),
  }
}

/** [code, line, outcome, floor or nil, time or nil] */
export function writeFailure(writer: Writer, failure: Failure): void {
  writer.array(5)
  writer.text(failure.code)
  writer.text(failure.message.slice(0, lineBytesMax))
  writeOutcome(writer, failure.outcome)
  if (failure.floor === undefined) writer.nil()
  else writer.uint(failure.floor)
  if (failure.time === undefined) writer.nil()
  else writer.milliseconds(failure.time)
}

export function readFailure(reader: Reader): Failure {
  reader.array(5)
  const code = reader.oneOf(codes)
  const message = reader.text(lineBytesMax)
  const outcome = readOutcome(reader)
  const floor = reader.optional(readCounter)
  const time = reader.optional(readCounter)
  return {
    ...{ code, message, outcome },
    ...(floor === undefined ? {} : { floor }),
    ...(time === undefined ? {} : { time }),
  }
}

function readCounter(reader: Reader): number {
  return reader.uint(counterMax)
}

export function writeOptionalFailure(writer: Writer, failure: Failure | undefined): void {
  if (failure === undefined) writer.nil()
  else writeFailure(writer, failure)
}

export function writeNodes(writer: Writer, nodes: readonly NodeId[]): void {
  writer.array(nodes.length)
  for (const node of nodes) writer.text(node)
}

export function readNodes(reader: Reader): NodeId[] {
  return reader.list(readNode, membersMax)
}

export function readNode(reader: Reader): NodeId {
  return reader.node()
}

export function writeOptionalBinary(writer: Writer, value: string | undefined): void {
  if (value === undefined) writer.nil()
  else writer.binary(value)
}

export function writeOptionalBytes(writer: Writer, value: Uint8Array | undefined): void {
  if (value === undefined) writer.nil()
  else writer.bytes(value)
}

/** A member's key or statement. */
export function readAttribute(reader: Reader): Uint8Array {
  return reader.bytes(attributeBytesMax)
}

export function readBytes(reader: Reader): Uint8Array {
  return reader.bytes()
}

/** Its row in the store has two bytes for a length. */
const attributeBytesMax = 4096
