/** A copy of an object as it is handed over: with hints, or where two members differ. */
import type { TooLarge } from '../core/carrier.ts'
import type { HandedCopy } from '../core/message.ts'
import { counterMax } from './bounds.ts'
import type { Writer } from './pack.ts'
import type { Reader } from './read.ts'

/** [key, token, object, generation, time] */
export function writeHandedCopy(writer: Writer, copy: HandedCopy): void {
  writer.array(5)
  writer.binary(copy.key)
  writer.binary(copy.token)
  writer.bytes(copy.object)
  writer.uint(copy.generation)
  writer.milliseconds(copy.time)
}

export function readHandedCopy(reader: Reader): HandedCopy {
  reader.array(5)
  return {
    key: reader.key(),
    token: reader.id(8),
    object: reader.bytes(),
    generation: reader.uint(counterMax),
    time: reader.uint(counterMax),
  }
}

/** [key, bytes] */
export function writeTooLarge(writer: Writer, { key, bytes }: TooLarge): void {
  writer.array(2)
  writer.binary(key)
  writer.uint(bytes)
}

export function readTooLarge(reader: Reader): TooLarge {
  reader.array(2)
  return { key: reader.key(), bytes: reader.uint(counterMax) }
}
