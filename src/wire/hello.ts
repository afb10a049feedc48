/**
 * The frames of the handshake and the proofs over them. Each proof is an
 * HMAC over the exact bytes that both sides saw, so nothing in the hello or the welcome can be
 * changed, downgraded or replayed on the way.
 */
import { binaryOf } from '../core/binary.ts'
import { type Hash, hmac } from '../core/hash.ts'
import type { ClusterId, NodeId, StartId, StoreId, WallTime } from '../core/ids.ts'
import { counterMax } from './bounds.ts'
import { writeOptionalBinary } from './outcome-codec.ts'
import { Writer } from './pack.ts'
import { type Malformed, type Reader, readMessage } from './read.ts'
import { keyIdMax } from './secret.ts'
import { helloTags } from './tags.ts'

/** The first bytes of every connection, fixed for ever. */
export const preamble = Uint8Array.of(0xcb, 0x4b, 0x56, 0x4f, 0x0d, 0x0a, 0x1a, 0x0a)

/** peer: a node. client: whoever reads and writes. admin: the supervisor and its commands. */
export const roles = ['peer', 'client', 'admin'] as const
export type Role = (typeof roles)[number]

/** Why a connection is refused; `kv` turns most of these into DENIED. */
const refusalCodes = [
  'version',
  'wrong-cluster',
  'wrong-hash',
  'wrong-node',
  'wrong-port',
  'unknown-key',
  'method',
  'role',
  'bad-proof',
  'duplicate-start',
  'busy',
  'malformed',
  /** One that this side does not know by name. */
  'refused',
] as const
export type RefusalCode = (typeof refusalCodes)[number]
/** `text` is one line of ASCII for a person. */
export type Refusal = { readonly code: RefusalCode; readonly text: string }

/** What a node says of itself; durable commit numbers as of its start and of now (design §4). */
export type Identity = {
  readonly node: NodeId
  readonly store: StoreId
  readonly start: StartId
  readonly durableAtStart: number
  readonly durable: number
  /** The port it listens on. */
  readonly port: number
}

export type Hello = {
  readonly versions: readonly number[]
  /** undefined: a client that knows addresses only; the welcome tells it. */
  readonly cluster: ClusterId | undefined
  readonly role: Role
  /** Always there where the role is peer. */
  readonly self: Identity | undefined
  /** The node that was dialled, where its name is known. */
  readonly expected: NodeId | undefined
  /** The port that was dialled; 0 for a local socket. */
  readonly port: number
  readonly methods: readonly string[]
  readonly keyId: number
  readonly nonce: string
  readonly features: readonly string[]
  /** undefined: like `cluster`. */
  readonly tokenHash: string | undefined
}

/** How a hello names the process of a client, whose connections then count together. */
export function clientWord(client: string): string {
  return clientWordBegin + client
}

/** The client that a hello names; undefined: it names none. */
export function clientIn({ features }: Hello): string | undefined {
  const word = features.find(one => one.startsWith(clientWordBegin))
  return word?.slice(clientWordBegin.length)
}

const clientWordBegin = 'client:'

export type Limits = {
  readonly frameBytes: number
  readonly inFlight: number
  readonly inFlightBytes: number
}

export type Welcome = {
  readonly version: number
  readonly cluster: ClusterId
  /** undefined: the supervisor. */
  readonly self: Identity | undefined
  readonly method: string
  readonly keyId: number
  readonly nonce: string
  readonly limits: Limits
  readonly features: readonly string[]
  readonly tokenHash: string
  /** The cluster's time at the server, for operation ids. */
  readonly time: WallTime
}

export type HelloFrame =
  | { readonly type: 'hello'; readonly hello: Hello }
  | { readonly type: 'welcome'; readonly welcome: Welcome; readonly proof: string }
  | { readonly type: 'proof'; readonly proof: string }
  | { readonly type: 'ready' }
  | { readonly type: 'refuse'; readonly refusal: Refusal }

/**
 * [1, versions, cluster or nil, role, self or nil, expected or nil, port, methods, keyId, nonce,
 * features, tokenHash or nil]
 */
export function encodeHello(hello: Hello): Uint8Array {
  const writer = new Writer()
  writer.array(12)
  writer.uint(helloTags.hello)
  writer.array(hello.versions.length)
  for (const version of hello.versions) writer.uint(version)
  writeOptionalBinary(writer, hello.cluster)
  writer.text(hello.role)
  writeOptionalIdentity(writer, hello.self)
  writeOptionalText(writer, hello.expected)
  writer.uint(hello.port)
  writeTexts(writer, hello.methods)
  writer.uint(hello.keyId)
  writer.binary(hello.nonce)
  writeTexts(writer, hello.features)
  writeOptionalText(writer, hello.tokenHash)
  return writer.take()
}

/**
 * All but the proof, which `encodeWelcome` appends:
 * [2, version, cluster, self or nil, method, keyId, nonce, limits, features, tokenHash, time,
 * proof], limits = [frameBytes, inFlight, inFlightBytes]
 */
export function encodeUnprovedWelcome(welcome: Welcome): Uint8Array {
  const writer = new Writer()
  writer.array(12)
  writer.uint(helloTags.welcome)
  writer.uint(welcome.version)
  writer.binary(welcome.cluster)
  writeOptionalIdentity(writer, welcome.self)
  writer.text(welcome.method)
  writer.uint(welcome.keyId)
  writer.binary(welcome.nonce)
  writer.array(3)
  writer.uint(welcome.limits.frameBytes)
  writer.uint(welcome.limits.inFlight)
  writer.uint(welcome.limits.inFlightBytes)
  writeTexts(writer, welcome.features)
  writer.text(welcome.tokenHash)
  writer.milliseconds(welcome.time)
  return writer.take()
}

export function encodeWelcome(unproved: Uint8Array, proof: string): Uint8Array {
  const writer = new Writer()
  writer.binary(proof)
  const end = writer.take()
  const bytes = new Uint8Array(unproved.length + end.length)
  bytes.set(unproved)
  bytes.set(end, unproved.length)
  return bytes
}

/** The part of a welcome's bytes that its proof is over: all that stands before the proof. */
export function unprovedPart(welcome: Uint8Array): Uint8Array {
  return welcome.subarray(0, welcome.length - proofItemBytes)
}

export function encodeProof(proof: string): Uint8Array {
  const writer = new Writer()
  writer.array(2)
  writer.uint(helloTags.proof)
  writer.binary(proof)
  return writer.take()
}

export function encodeReady(): Uint8Array {
  return Uint8Array.of(0x91, helloTags.ready)
}

export function encodeRefuse(refusal: Refusal): Uint8Array {
  const writer = new Writer()
  writer.array(3)
  writer.uint(helloTags.refuse)
  writer.text(refusal.code)
  writer.text(refusal.text.slice(0, lineBytesMax))
  return writer.take()
}

/** True for a refusal's bytes: it may come at any point of a connection. */
export function isRefuse(bytes: Uint8Array, from: number): boolean {
  return bytes[from] === 0x93 && bytes[from + 1] === helloTags.refuse
}

export function decodeHelloFrame(
  bytes: Uint8Array,
  from = 0,
  to = bytes.length,
): HelloFrame | Malformed {
  return readMessage(bytes, from, to, readHelloFrame)
}

/** What both proofs are over. `port` is the server's: as it listens here, as it was dialled there. */
export function transcriptOf(
  hash: Hash,
  hello: Uint8Array,
  unproved: Uint8Array,
  port: number,
): string {
  const binding = String.fromCharCode(port >>> 8, port & 255)
  return hash.sha256(binaryOf(hello) + binaryOf(unproved) + binding)
}

/** 32 bytes; the side's name within it stops a proof from being sent back to who made it. */
export function proofOf(
  hash: Hash,
  key: string,
  side: 'server' | 'client',
  transcript: string,
): string {
  return hmac(hash, key, `kvorum/1 ${side}${transcript}`)
}

/** Compares in a time that does not depend on where the two differ. */
export function isSameProof(given: string, wanted: string): boolean {
  if (given.length !== wanted.length) return false
  let difference = 0
  for (let i = 0; i < wanted.length; i++) difference |= given.charCodeAt(i) ^ wanted.charCodeAt(i)
  return difference === 0
}

/** [node, store, start, durableAtStart, durable, port] */
function writeOptionalIdentity(writer: Writer, self: Identity | undefined): void {
  if (self === undefined) {
    writer.nil()
    return
  }
  writer.array(6)
  writer.text(self.node)
  writer.binary(self.store)
  writer.binary(self.start)
  writer.uint(self.durableAtStart)
  writer.uint(self.durable)
  writer.uint(self.port)
}

function writeOptionalText(writer: Writer, text: string | undefined): void {
  if (text === undefined) writer.nil()
  else writer.text(text)
}

function writeTexts(writer: Writer, texts: readonly string[]): void {
  writer.array(texts.length)
  for (const text of texts) writer.text(text)
}

function readHelloFrame(reader: Reader): HelloFrame {
  const arity = reader.count(12)
  const tag = arity === 0 ? 0 : reader.uint(127)
  if (tag === helloTags.hello && arity === 12) return { type: 'hello', hello: readHello(reader) }
  if (tag === helloTags.welcome && arity === 12) {
    return { type: 'welcome', welcome: readWelcome(reader), proof: reader.id(proofBytes) }
  }
  if (tag === helloTags.proof && arity === 2) return { type: 'proof', proof: reader.id(proofBytes) }
  if (tag === helloTags.ready && arity === 1) return { type: 'ready' }
  if (tag === helloTags.refuse && arity === 3) {
    return { type: 'refuse', refusal: readRefusal(reader) }
  }
  return reader.refuse('no frame of the handshake')
}

function readHello(reader: Reader): Hello {
  return {
    versions: reader.list(r => r.uint(65_535), 16),
    cluster: reader.optional(r => r.id<ClusterId>(16)),
    role: reader.oneOf(roles),
    self: reader.optional(readIdentity),
    expected: reader.optional(r => r.node()),
    port: reader.uint(65_535),
    methods: reader.list(readWord, 16),
    keyId: reader.uint(keyIdMax),
    nonce: reader.id(nonceBytes),
    features: reader.list(readWord, 16),
    tokenHash: reader.optional(readWord),
  }
}

function readWelcome(reader: Reader): Welcome {
  return {
    version: reader.uint(65_535),
    cluster: reader.id(16),
    self: reader.optional(readIdentity),
    method: readWord(reader),
    keyId: reader.uint(keyIdMax),
    nonce: reader.id(nonceBytes),
    limits: readLimits(reader),
    features: reader.list(readWord, 16),
    tokenHash: readWord(reader),
    time: reader.uint(counterMax),
  }
}

function readIdentity(reader: Reader): Identity {
  reader.array(6)
  return {
    node: reader.node(),
    store: reader.id(8),
    start: reader.id(8),
    durableAtStart: reader.uint(counterMax),
    durable: reader.uint(counterMax),
    port: reader.uint(65_535),
  }
}

function readLimits(reader: Reader): Limits {
  reader.array(3)
  return {
    frameBytes: reader.uint(counterMax),
    inFlight: reader.uint(counterMax),
    inFlightBytes: reader.uint(counterMax),
  }
}

function readRefusal(reader: Reader): Refusal {
  const code = reader.text(32)
  return {
    code: refusalCodes.find(known => known === code) ?? 'refused',
    text: reader.text(lineBytesMax),
  }
}

function readWord(reader: Reader): string {
  return reader.text(32)
}

export const nonceBytes = 32
const proofBytes = 32
/** bin 8, its length, the proof. */
const proofItemBytes = 2 + proofBytes
/** Longest line for a person; with its frame it fits what may be sent before the proof. */
const lineBytesMax = 256
