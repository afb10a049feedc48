/** What two members say to each other to find out where they differ: `docs/wire.md` shows it. */
import {
  type AskSketch,
  type Compare,
  type Compared,
  type Differ,
  type Differing,
  type ExchangeAnswer,
  type ExchangeQuestion,
  type ExchangeState,
  exchangeStates,
  type Fetch,
  type Fetched,
  type HeldKey,
  type PassQuestion,
} from '../core/entropy/exchange-message.ts'
import { levelMax } from '../core/entropy/node.ts'
import { keyBytesMax } from '../core/ids.ts'
import { counterMax, itemsMax } from './bounds.ts'
import { readHandedCopy, readTooLarge, writeHandedCopy, writeTooLarge } from './copy-codec.ts'
import type { Writer } from './pack.ts'
import type { Reader } from './read.ts'
import type { Row } from './table.ts'
import { tags } from './tags.ts'

export function writeExchange(writer: Writer, message: ExchangeQuestion | ExchangeAnswer): void {
  switch (message.type) {
    case 'compare':
      writeAsked(writer, 8, message)
      writer.binary(message.sum)
      writer.bytes(message.nodes)
      break
    case 'sketch':
      writeAsked(writer, 9, message)
      writer.bytes(message.nodes)
      writer.uint(message.leaves)
      writer.uint(message.cells)
      break
    case 'differ':
      writeAsked(writer, 8, message)
      writer.array(message.held.length)
      for (const held of message.held) writeHeldKey(writer, held)
      writer.bytes(message.wanted)
      break
    case 'compared':
      writeTold(writer, 6, message)
      if (message.wall === undefined) writer.nil()
      else writer.uint(message.wall)
      writer.bytes(message.entries)
      break
    case 'differing':
      return writeDiffering(writer, message)
    case 'fetch':
      writer.array(6)
      writer.uint(tags.fetch)
      writer.uint(message.id)
      writer.uint(message.epoch)
      writer.array(message.partitions.length)
      for (const partition of message.partitions) writer.uint(partition)
      writer.binary(message.after)
      writer.uint(message.bytes)
      break
    case 'fetched':
      return writeFetched(writer, message)
  }
}

function writeDiffering(writer: Writer, message: Differing): void {
  writeTold(writer, 9, message)
  writer.array(message.copies.length)
  for (const copy of message.copies) writeHandedCopy(writer, copy)
  writer.array(message.wants.length)
  for (const position of message.wants) writer.uint(position)
  writer.uint(message.heldDone)
  writer.uint(message.nodesDone)
  writer.array(message.tooLarge.length)
  for (const one of message.tooLarge) writeTooLarge(writer, one)
}

function writeFetched(writer: Writer, message: Fetched): void {
  writeTold(writer, 8, message)
  writer.array(message.copies.length)
  for (const copy of message.copies) writeHandedCopy(writer, copy)
  writer.uint(message.done)
  writer.binary(message.after)
  writer.array(message.tooLarge.length)
  for (const one of message.tooLarge) writeTooLarge(writer, one)
}

/** tag, id, epoch, cut, age, level: the first six fields */
function writeAsked(writer: Writer, fields: number, message: PassQuestion): void {
  writer.array(fields)
  writer.uint(tags[message.type])
  writer.uint(message.id)
  writer.uint(message.epoch)
  writer.uint(message.cut)
  writer.uint(message.age)
  writer.uint(message.level)
}

/** tag, id, state, foreground */
function writeTold(writer: Writer, fields: number, message: ExchangeAnswer): void {
  writer.array(fields)
  writer.uint(tags[message.type])
  writer.uint(message.id)
  writer.uint(exchangeStates.indexOf(message.state))
  writer.uint(message.foreground)
}

/** [key, known] */
function writeHeldKey(writer: Writer, { key, known }: HeldKey): void {
  writer.array(2)
  writer.binary(key)
  writer.bytes(known)
}

function readAsked(reader: Reader) {
  return {
    id: reader.uint(),
    epoch: reader.uint(uint32Max),
    cut: reader.uint(uint32Max),
    age: reader.uint(uint32Max),
    level: reader.uint(levelMax),
  }
}

function readCompare(reader: Reader): Compare {
  const asked = readAsked(reader)
  return { type: 'compare', ...asked, sum: reader.binary(0, 8), nodes: reader.bytes(listBytesMax) }
}

function readSketch(reader: Reader): AskSketch {
  const asked = readAsked(reader)
  const nodes = reader.bytes(listBytesMax)
  const [leaves, cells] = [reader.uint(levelMax), reader.uint(itemsMax)]
  return { type: 'sketch', ...asked, nodes, leaves, cells }
}

function readDiffer(reader: Reader): Differ {
  const asked = readAsked(reader)
  const held = reader.list(readHeldKey, itemsMax)
  return { type: 'differ', ...asked, held, wanted: reader.bytes(listBytesMax) }
}

function readHeldKey(reader: Reader): HeldKey {
  reader.array(2)
  return { key: reader.key(), known: reader.bytes() }
}

function readTold(reader: Reader) {
  return {
    id: reader.uint(),
    state: exchangeStates[reader.uint(exchangeStates.length - 1)] as ExchangeState,
    foreground: reader.uint(counterMax),
  }
}

function readCompared(reader: Reader): Compared {
  const told = readTold(reader)
  return { type: 'compared', ...told, wall: reader.optional(readUint32), entries: reader.bytes() }
}

function readUint32(reader: Reader): number {
  return reader.uint(uint32Max)
}

function readDiffering(reader: Reader): Differing {
  return {
    type: 'differing',
    ...readTold(reader),
    copies: reader.list(readHandedCopy, itemsMax),
    wants: reader.list(r => r.uint(itemsMax), itemsMax),
    heldDone: reader.uint(itemsMax),
    nodesDone: reader.uint(itemsMax),
    tooLarge: reader.list(readTooLarge, itemsMax),
  }
}

function readFetch(reader: Reader): Fetch {
  return {
    type: 'fetch',
    id: reader.uint(),
    epoch: reader.uint(uint32Max),
    partitions: reader.list(r => r.uint(partitionMax), fetchedMax),
    after: reader.binary(0, positionBytesMax),
    bytes: reader.uint(uint32Max),
  }
}

function readFetched(reader: Reader): Fetched {
  return {
    type: 'fetched',
    ...readTold(reader),
    copies: reader.list(readHandedCopy, itemsMax),
    done: reader.uint(fetchedMax),
    after: reader.binary(0, positionBytesMax),
    tooLarge: reader.list(readTooLarge, itemsMax),
  }
}

const uint32Max = 2 ** 32 - 1
const partitionMax = 65_535
const fetchedMax = 1024
/** A token and the longest key. */
const positionBytesMax = 8 + keyBytesMax
/** 1,024 nodes are 8 KB, and what is wanted of them 4 bytes an object. */
const listBytesMax = 64 * 1024

export const exchangeRows: readonly Row<ExchangeQuestion | ExchangeAnswer>[] = [
  { tag: tags.compare, arity: 8, read: readCompare },
  { tag: tags.compared, arity: 6, read: readCompared },
  { tag: tags.sketch, arity: 9, read: readSketch },
  { tag: tags.differ, arity: 8, read: readDiffer },
  { tag: tags.differing, arity: 9, read: readDiffering },
  { tag: tags.fetch, arity: 6, read: readFetch },
  { tag: tags.fetched, arity: 8, read: readFetched },
]
