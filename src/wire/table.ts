/** Decoder tables: which messages a connection may carry, by the role that was proved. */
import type { Envelope } from '../core/message.ts'
import { counterMax } from './bounds.ts'
import type { Writer } from './pack.ts'
import type { Reader } from './read.ts'

/** How to read one message: all its fields, tag included, and what follows the tag. */
export type Row<Message> = {
  readonly tag: number
  readonly arity: number
  readonly read: (reader: Reader) => Message
}

/** Rows by tag. */
export type Table<Message> = readonly (Row<Message> | undefined)[]

export function tableOf<Message>(rows: readonly Row<Message>[]): Table<Message> {
  const table: (Row<Message> | undefined)[] = Array.from({ length: 128 }, () => undefined)
  for (const row of rows) table[row.tag] = row
  return table
}

/** Reads a message of the table: its tag, its exact number of fields, its fields. */
export function readFrom<Message>(reader: Reader, table: Table<Message>): Message {
  const arity = reader.count(fieldsMax)
  if (arity === 0) return reader.refuse('an empty message')
  const row = table[reader.uint(127)]
  if (row === undefined) return reader.refuse('a message that this connection does not carry')
  if (row.arity !== arity) return reader.refuse('a message with another number of fields')
  return row.read(reader)
}

/** tag, id, epoch, timeLeft */
export function writeEnvelope(writer: Writer, fields: number, tag: number, from: Envelope): void {
  writer.array(fields)
  writer.uint(tag)
  writer.uint(from.id)
  writer.binary(from.epoch)
  writer.milliseconds(from.timeLeft)
}

export function readEnvelope(reader: Reader): Envelope {
  return { id: reader.uint(), epoch: reader.epoch(), timeLeft: reader.uint(counterMax) }
}

const fieldsMax = 32
