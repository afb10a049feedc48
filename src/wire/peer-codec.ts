import type {
  CopyRead,
  CopyStored,
  FailReply,
  Forwarded,
  Handed,
  Handoff,
  PeerMessage,
  PutReply,
  ReadCopy,
  StoreCopy,
} from '../core/message.ts'
import { counterMax, itemsMax } from './bounds.ts'
import { failedRow, writeFailed, writeWrote, wroteRow } from './client-reply-codec.ts'
import { putRow, writePut } from './client-request-codec.ts'
import { readHandedCopy, writeHandedCopy } from './copy-codec.ts'
import { exchangeRows, writeExchange } from './exchange-codec.ts'
import { membershipRows, writeMembership } from './gossip-codec.ts'
import { listedRow, listRow, writeList, writeListed } from './listing-codec.ts'
import {
  readBytes,
  readFailure,
  readNode,
  writeOptionalBytes,
  writeOptionalFailure,
} from './outcome-codec.ts'
import type { Writer } from './pack.ts'
import type { Reader } from './read.ts'
import { recallRows } from './recall-codec.ts'
import { roundRows, writeRound } from './round-codec.ts'
import { readEnvelope, readFrom, tableOf, writeEnvelope } from './table.ts'
import { tags } from './tags.ts'

export function writePeerMessage(writer: Writer, message: PeerMessage): void {
  switch (message.type) {
    case 'syn':
    case 'syn-ack':
    case 'ack':
    case 'ping':
    case 'pong':
    case 'ping-for':
    case 'pong-for':
    case 'recall':
    case 'recalled':
      return writeMembership(writer, message)
    case 'store':
      return writeStore(writer, message)
    case 'stored':
      return writeStored(writer, message)
    case 'read':
      return writeRead(writer, message)
    case 'held':
      return writeHeld(writer, message)
    case 'handoff':
      return writeHandoff(writer, message)
    case 'handed':
      return writeHanded(writer, message)
    case 'forward':
      writeEnvelope(writer, 5, tags.forward, message)
      return writePut(writer, message.request)
    case 'forwarded':
      return writeForwarded(writer, message)
    case 'list':
      return writeList(writer, message)
    case 'listed':
      return writeListed(writer, message)
    case 'compare':
    case 'sketch':
    case 'compared':
    case 'differ':
    case 'differing':
    case 'fetch':
    case 'fetched':
      return writeExchange(writer, message)
    case 'round':
    case 'rounded':
      return writeRound(writer, message)
  }
}

function writeStore(writer: Writer, message: StoreCopy): void {
  writeEnvelope(writer, 10, tags.store, message)
  writer.binary(message.key)
  writer.binary(message.token)
  writer.bytes(message.object)
  writer.uint(message.generation)
  writer.milliseconds(message.time)
  if (message.owner === undefined) writer.nil()
  else writer.text(message.owner)
}

function writeHandoff(writer: Writer, message: Handoff): void {
  writeEnvelope(writer, 5, tags.handoff, message)
  writer.array(message.copies.length)
  for (const copy of message.copies) writeHandedCopy(writer, copy)
}

function writeHanded(writer: Writer, message: Handed): void {
  writer.array(6)
  writer.uint(tags.handed)
  writer.uint(message.id)
  writer.boolean(message.whole)
  writer.uint(message.foreground)
  writeOptionalFailure(writer, message.refused)
  writer.array(message.left.length)
  for (const position of message.left) writer.uint(position)
}

function writeStored(writer: Writer, message: CopyStored): void {
  writer.array(4)
  writer.uint(tags.stored)
  writer.uint(message.id)
  writer.boolean(message.whole)
  writeOptionalFailure(writer, message.refused)
}

function writeRead(writer: Writer, message: ReadCopy): void {
  writeEnvelope(writer, 7, tags.read, message)
  writer.binary(message.key)
  writer.binary(message.token)
  writer.boolean(message.full)
}

function writeHeld(writer: Writer, message: CopyRead): void {
  writer.array(7)
  writer.uint(tags.held)
  writer.uint(message.id)
  writer.boolean(message.whole)
  writer.uint(message.generation)
  writer.binary(message.digest)
  writeOptionalBytes(writer, message.object)
  writeOptionalFailure(writer, message.refused)
}

function writeForwarded(writer: Writer, message: Forwarded): void {
  writer.array(3)
  writer.uint(tags.forwarded)
  writer.uint(message.id)
  if (message.reply.type === 'wrote') writeWrote(writer, message.reply)
  else writeFailed(writer, message.reply)
}

function readStore(reader: Reader): StoreCopy {
  const { id, epoch, timeLeft } = readEnvelope(reader)
  return {
    type: 'store',
    id,
    epoch,
    timeLeft,
    key: reader.key(),
    token: reader.id(8),
    object: reader.bytes(),
    generation: reader.uint(counterMax),
    time: reader.uint(counterMax),
    owner: reader.optional(readNode),
  }
}

function readHandoff(reader: Reader): Handoff {
  const { id, epoch, timeLeft } = readEnvelope(reader)
  return { type: 'handoff', id, epoch, timeLeft, copies: reader.list(readHandedCopy, itemsMax) }
}

function readHanded(reader: Reader): Handed {
  return {
    type: 'handed',
    id: reader.uint(),
    whole: reader.boolean(),
    foreground: reader.uint(counterMax),
    refused: reader.optional(readFailure),
    left: reader.list(r => r.uint(itemsMax), itemsMax),
  }
}

function readStored(reader: Reader): CopyStored {
  return {
    type: 'stored',
    id: reader.uint(),
    whole: reader.boolean(),
    refused: reader.optional(readFailure),
  }
}

function readRead(reader: Reader): ReadCopy {
  const { id, epoch, timeLeft } = readEnvelope(reader)
  return {
    type: 'read',
    id,
    epoch,
    timeLeft,
    key: reader.key(),
    token: reader.id(8),
    full: reader.boolean(),
  }
}

function readHeld(reader: Reader): CopyRead {
  return {
    type: 'held',
    id: reader.uint(),
    whole: reader.boolean(),
    generation: reader.uint(counterMax),
    digest: reader.binary(0, digestBytesMax),
    object: reader.optional(readBytes),
    refused: reader.optional(readFailure),
  }
}

function readForwarded(reader: Reader): Forwarded {
  return { type: 'forwarded', id: reader.uint(), reply: readFrom(reader, forwardedReplies) }
}

const digestBytesMax = 64

const forwardedRequests = tableOf([putRow])
const forwardedReplies = tableOf<PutReply | FailReply>([wroteRow, failedRow])

export const peerMessages = tableOf<PeerMessage>([
  ...membershipRows,
  ...exchangeRows,
  ...roundRows,
  ...recallRows,
  { tag: tags.store, arity: 10, read: readStore },
  { tag: tags.stored, arity: 4, read: readStored },
  { tag: tags.read, arity: 7, read: readRead },
  { tag: tags.held, arity: 7, read: readHeld },
  {
    tag: tags.forward,
    arity: 5,
    read: reader => ({
      type: 'forward',
      ...readEnvelope(reader),
      request: readFrom(reader, forwardedRequests),
    }),
  },
  { tag: tags.forwarded, arity: 3, read: readForwarded },
  listRow,
  listedRow,
  { tag: tags.handoff, arity: 5, read: readHandoff },
  { tag: tags.handed, arity: 6, read: readHanded },
])
