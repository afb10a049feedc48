/**
 * Loaded into a node before anything else (`--import`): keeps what the node says about
 * differences, frame by frame as it goes into a socket, and tells it over IPC when asked. Both
 * nodes of a pair together are the wire, both ways.
 */
import { Socket } from 'node:net'
import type { ExchangeAnswer, ExchangeQuestion } from '../../src/core/entropy/exchange-message.ts'
import type { Handed, Handoff, PeerMessage } from '../../src/core/message.ts'
import { frameBytesMax } from '../../src/wire/bounds.ts'
import { FrameDecoder } from '../../src/wire/frame.ts'
import { preamble } from '../../src/wire/hello.ts'
import { decodePeerMessage } from '../../src/wire/message-codec.ts'
import { isMalformed } from '../../src/wire/read.ts'
import { tags } from '../../src/wire/tags.ts'

type Tapped = ExchangeQuestion | ExchangeAnswer | Handoff | Handed

export type TappedFrame = {
  readonly type: Tapped['type']
  /** Milliseconds since 1970, and parts of one. */
  readonly at: number
  /** Its length field included. */
  readonly bytes: number
  /** Of its bytes: the objects, that is versions with their values. */
  readonly objectBytes: number
  readonly objects: number
  /** An answer that says no more than "not now". */
  readonly refused: boolean
}
export type TapReport = { readonly type: 'tapped'; readonly frames: readonly TappedFrame[] }

const wanted: readonly Tapped['type'][] = [
  'compare',
  'compared',
  'sketch',
  'differ',
  'differing',
  'handoff',
  'handed',
]
const wantedTags = new Set<number>(wanted.map(type => tags[type]))
const lengthBytes = 4
let frames: TappedFrame[] = []
const decoders = new WeakMap<Socket, FrameDecoder>()

const write = Socket.prototype.write
Socket.prototype.write = function tapped(this: Socket, ...args: unknown[]) {
  if (args[0] instanceof Uint8Array) look(this, args[0])
  return Reflect.apply(write, this, args)
} as typeof write

process.on('message', message => {
  if (Reflect.get(Object(message), 'type') !== 'tap') return
  process.send?.({ type: 'tapped', frames } satisfies TapReport)
  frames = []
})

function look(socket: Socket, bytes: Uint8Array): void {
  const known = decoders.get(socket)
  const decoder = known ?? new FrameDecoder(frameBytesMax)
  decoders.set(socket, decoder)
  // Who dials begins with the preamble.
  const dials = known === undefined && bytes[0] === preamble[0]
  decoder.push(dials ? bytes.subarray(preamble.length) : bytes, (body, from, to) => {
    if (wantedTags.has(body[from + 1] ?? 0)) keep(decodePeerMessage(body, from, to), to - from)
    return true
  })
}

function keep(message: ReturnType<typeof decodePeerMessage>, length: number): void {
  if (isMalformed(message) || !isTapped(message)) return
  const copies = 'copies' in message ? message.copies : []
  frames.push({
    type: message.type,
    at: performance.timeOrigin + performance.now(),
    bytes: lengthBytes + length,
    objectBytes: copies.reduce((sum, { object }) => sum + object.length, 0),
    objects: copies.length,
    refused: 'state' in message && message.state !== 'ok',
  })
}

function isTapped(message: PeerMessage): message is Tapped {
  return wantedTags.has(tags[message.type])
}
