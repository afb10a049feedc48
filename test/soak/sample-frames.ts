/** Frames that a node takes up, each with a byte or more changed: most can still be read. */
import { encodeObject } from '../../src/core/causality/object.ts'
import { tokenOf } from '../../src/core/hash.ts'
import type { Actor, Epoch, Key, NodeId, RequestId } from '../../src/core/ids.ts'
import type { ClientRequest, PeerMessage } from '../../src/core/message.ts'
import { nodeHash } from '../../src/node/hash.ts'
import { encode } from '../../src/wire/message-codec.ts'
import { mutations } from '../helpers/mutations.ts'
import { newOp } from '../helpers/raw-client.ts'

/** A u32 with the length, and one message. */
export type Frame = Uint8Array

/** What may be changed in a message so that it can still be read. */
type Parts = { readonly id: RequestId; readonly epoch: Epoch; readonly key: Key; value: Uint8Array }
type Make = (parts: Parts) => ClientRequest | PeerMessage

const timeLeft = 1000

export const clientMakes: readonly Make[] = [
  putOf,
  ({ id, epoch, key }) => ({
    type: 'get',
    id,
    epoch,
    timeLeft,
    key,
    r: undefined,
    strict: false,
    repair: undefined,
    explain: false,
  }),
  ({ id, epoch, key }) => ({ type: 'inspect', id, epoch, timeLeft, key }),
  ({ id, epoch, key }) => ({
    type: 'scan',
    id,
    epoch,
    timeLeft,
    prefix: key,
    after: '',
    limit: 3,
    partial: false,
  }),
  ({ id, epoch, key }) => ({
    type: 'get',
    id,
    epoch,
    timeLeft,
    key,
    r: 1,
    strict: false,
    repair: undefined,
    explain: false,
  }),
]

export const memberMakes: readonly Make[] = [
  storeOf,
  ({ id, epoch, key }) => ({ type: 'read', id, epoch, timeLeft, key, token: of(key), full: true }),
  ({ id, epoch, key }) => ({ type: 'read', id, epoch, timeLeft, key, token: of(key), full: false }),
  parts => ({ ...parts, type: 'forward', timeLeft, request: putOf(parts) }),
  ({ id, epoch, key }) => ({
    type: 'list',
    id,
    epoch,
    timeLeft,
    after: '',
    last: 3 as never,
    prefix: key,
    limit: 9,
  }),
]

/**
 * `count` of them. One in 60 is cut, lengthened, doubled or reshaped anywhere, which mostly ends
 * its connection; the others have a byte of their key, value or epoch changed.
 */
export function* mutatedFrames(
  makes: readonly Make[],
  epoch: Epoch,
  count: number,
  seed: number,
): Generator<Frame> {
  for (let i = 0; i < count; i++) {
    const at = i * 7919 + seed * 104_729
    const make = makes[at % makes.length] ?? putOf
    const parts = { id: i + 1, epoch, key: keyOf(97 + (at % 5)), value: sampleValue }
    if (at % 60 === 0) yield* mutations([framed(make(parts))], 1, at)
    else yield framed(make(changed(parts, at)))
  }
}

const sampleValue = new TextEncoder().encode('the value of every put here, long')

/** One byte, so that the keys that can come of it are few and the store stays small. */
function keyOf(byte: number): Key {
  return String.fromCharCode(byte) as Key
}

function changed(parts: Parts, at: number): Parts {
  const place = Math.floor(at / 5)
  if (at % 3 === 0) return { ...parts, key: keyOf(place % 128) }
  if (at % 3 === 1) {
    const value = Uint8Array.from(parts.value)
    value[place % value.length] = place % 256
    return { ...parts, value }
  }
  const epoch = [...parts.epoch]
  epoch[place % epoch.length] = String.fromCharCode(place % 256)
  return { ...parts, epoch: epoch.join('') as Epoch }
}

function of(key: Key) {
  return tokenOf(nodeHash, key)
}

function putOf({ id, epoch, key, value }: Parts): Extract<ClientRequest, { type: 'put' }> {
  const op = newOp()
  const first = {
    context: undefined,
    again: false,
    generation: 0,
    w: undefined,
    strict: false,
    explain: false,
  }
  return { type: 'put', id, epoch, timeLeft, key, value, op, ...first }
}

/** The same dot for a key's every copy: one of them is kept, whatever its value. */
function storeOf({ id, epoch, key, value }: Parts): Extract<PeerMessage, { type: 'store' }> {
  const dot = { actor: 'actor--3' as Actor, counter: 1 }
  const version = {
    dot,
    op: newOp(),
    tombstone: false,
    checksum: nodeHash.crc32(value),
    at: 1,
    via: 'n3' as NodeId,
    value,
  }
  const object = encodeObject({ vector: [dot], ops: [], pins: [], versions: [version] })
  const common = { id, epoch, timeLeft, key, token: of(key) }
  return { type: 'store', ...common, object, generation: 0, time: 1, owner: undefined }
}

function framed(message: ClientRequest | PeerMessage): Frame {
  const bytes = encode(message)
  const frame = Buffer.alloc(4 + bytes.length)
  frame.writeUInt32BE(bytes.length)
  frame.set(bytes, 4)
  return frame
}
