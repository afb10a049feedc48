/** What a coordinator did for one request: arrays by position, `docs/wire.md` shows them. */

import { type Explained, type ExplainedStep, explainedWhats } from '../core/explained.ts'
import { membersMax } from '../core/membership/view.ts'
import { counterMax } from './bounds.ts'
import { readNodes, writeNodes } from './outcome-codec.ts'
import type { Writer } from './pack.ts'
import type { Reader } from './read.ts'

/** nil, or [coordinator, token, partition, primaries, fallbacks, [step, ...]] */
export function writeExplained(writer: Writer, explained: Explained | undefined): void {
  if (explained === undefined) return writer.nil()
  writer.array(6)
  writer.text(explained.coordinator)
  writer.binary(explained.token)
  writer.uint(explained.partition)
  writeNodes(writer, explained.primaries)
  writeNodes(writer, explained.fallbacks)
  writer.array(explained.steps.length)
  for (const step of explained.steps) writeStep(writer, step)
}

export function readExplained(reader: Reader): Explained | undefined {
  return reader.optional(readPresent)
}

/** [microseconds, node, what, detail] */
function writeStep(writer: Writer, step: ExplainedStep): void {
  writer.array(4)
  writer.milliseconds(step.atMicros)
  writer.text(step.node)
  writer.text(step.what)
  writer.text(step.detail)
}

function readPresent(reader: Reader): Explained {
  reader.array(6)
  return {
    coordinator: reader.node(),
    token: reader.id(8),
    partition: reader.uint(65_536),
    primaries: readNodes(reader),
    fallbacks: readNodes(reader),
    steps: reader.list(readStep, stepsMax),
  }
}

function readStep(reader: Reader): ExplainedStep {
  reader.array(4)
  return {
    atMicros: reader.uint(counterMax),
    node: reader.node(),
    what: reader.oneOf(explainedWhats),
    detail: reader.text(detailBytesMax),
  }
}

/** Each node is asked, sent to and heard a few times. */
const stepsMax = 16 * membersMax
const detailBytesMax = 64
