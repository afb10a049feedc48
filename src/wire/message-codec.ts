/**
 * Every message to bytes, and bytes back to the messages that a connection may carry: one
 * decoder a role, so that a client cannot even spell what only nodes say to each other.
 */
import type { ClientReply, ClientRequest, PeerMessage } from '../core/message.ts'
import { clientReplies, writeClientReply } from './client-reply-codec.ts'
import { clientRequests, writeClientRequest } from './client-request-codec.ts'
import { Writer } from './pack.ts'
import { peerMessages, writePeerMessage } from './peer-codec.ts'
import { type Malformed, type Reader, readMessage } from './read.ts'
import { readFrom } from './table.ts'
import { type AnyMessage, tags } from './tags.ts'

/** Bytes[from..to) as a message, or why they are none. The message owns all its bytes. */
export type Decode<Message> = (bytes: Uint8Array, from?: number, to?: number) => Message | Malformed

/** Appends a message; its frame is the caller's (`Writer.beginFrame`). */
export function writeMessage(writer: Writer, message: AnyMessage): void {
  if (isPeerMessage(message)) writePeerMessage(writer, message)
  else if (isClientRequest(message)) writeClientRequest(writer, message)
  else writeClientReply(writer, message)
}

/** A message alone, as bytes of their own. */
export function encode(message: AnyMessage): Uint8Array {
  const writer = new Writer()
  writeMessage(writer, message)
  return writer.take()
}

/** What a node hears from a node. */
export function decodePeerMessage(
  bytes: Uint8Array,
  from = 0,
  to = bytes.length,
): PeerMessage | Malformed {
  return readMessage(bytes, from, to, readPeerMessage)
}

/** What a node hears from a client. */
export function decodeClientRequest(
  bytes: Uint8Array,
  from = 0,
  to = bytes.length,
): ClientRequest | Malformed {
  return readMessage(bytes, from, to, readClientRequest)
}

/** What a client hears from a node. */
export function decodeClientReply(
  bytes: Uint8Array,
  from = 0,
  to = bytes.length,
): ClientReply | Malformed {
  return readMessage(bytes, from, to, readClientReply)
}

/** Tells apart what one port of a node carries. */
export function isPeerMessage(message: AnyMessage): message is PeerMessage {
  return tags[message.type] < tags.get
}

function isClientRequest(message: ClientRequest | ClientReply): message is ClientRequest {
  return tags[message.type] < tags.got
}

function readPeerMessage(reader: Reader): PeerMessage {
  return readFrom(reader, peerMessages)
}

function readClientRequest(reader: Reader): ClientRequest {
  return readFrom(reader, clientRequests)
}

function readClientReply(reader: Reader): ClientReply {
  return readFrom(reader, clientReplies)
}
