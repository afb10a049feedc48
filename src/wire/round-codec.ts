/** What nodes say to each other to reap tombstones: `docs/wire.md` shows it. */
import {
  type RoundAnswer,
  type RoundMessage,
  type RoundQuestion,
  type RoundStep,
  roundSteps,
} from '../core/reaping/round-message.ts'
import { counterMax } from './bounds.ts'
import type { Writer } from './pack.ts'
import type { Reader } from './read.ts'
import type { Row } from './table.ts'
import { tags } from './tags.ts'

export function writeRound(writer: Writer, message: RoundMessage): void {
  if (message.type === 'round') {
    writer.array(7)
    writer.uint(tags.round)
    writer.uint(message.id)
    writer.binary(message.epoch)
    writer.uint(roundSteps.indexOf(message.step))
    writer.uint(message.cut)
    writer.uint(message.age)
  } else {
    writer.array(4)
    writer.uint(tags.rounded)
    writer.uint(message.id)
    writer.boolean(message.done)
  }
  writer.bytes(message.parts)
}

function readQuestion(reader: Reader): RoundQuestion {
  return {
    type: 'round',
    id: reader.uint(),
    epoch: reader.id(8),
    step: roundSteps[reader.uint(roundSteps.length - 1)] as RoundStep,
    cut: reader.uint(2 ** 32 - 1),
    age: reader.uint(counterMax),
    parts: reader.bytes(),
  }
}

function readAnswer(reader: Reader): RoundAnswer {
  return { type: 'rounded', id: reader.uint(), done: reader.boolean(), parts: reader.bytes() }
}

export const roundRows: readonly Row<RoundMessage>[] = [
  { tag: tags.round, arity: 7, read: readQuestion },
  { tag: tags.rounded, arity: 4, read: readAnswer },
]
