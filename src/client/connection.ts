/**
 * One socket to one node, and its channel. Nothing about keys is sent before the node has proved
 * that it holds the cluster's secret. What is sent in a turn of the loop leaves in one write; a
 * node that does not read is noticed by the bytes that pile up, because a socket alone never
 * says so (`reliability-store-wire.md` §3).
 */
import { randomBytes } from 'node:crypto'
import { connect, type Socket } from 'node:net'
import type { ClusterId, NodeId } from '../core/ids.ts'
import type { ClientReply, ClientRequest } from '../core/message.ts'
import { type Code, type Failure, nothingDone } from '../core/outcome.ts'
import { Channel, type ChannelEvent } from '../wire/channel.ts'
import { writeClientRequest } from '../wire/client-request-codec.ts'
import type { Proved } from '../wire/handshake.ts'
import { clientWord, type Refusal, type RefusalCode } from '../wire/hello.ts'
import { decodeClientReply } from '../wire/message-codec.ts'
import type { SecretKey } from '../wire/secret.ts'
import type { Address } from './cluster-directory.ts'
import { clientHash } from './hash.ts'

export type ConnectionOptions = {
  readonly address: Address
  readonly cluster: ClusterId | undefined
  /** undefined: whoever answers there. */
  readonly expected: NodeId | undefined
  readonly network: readonly SecretKey[]
  /** Takes one of the places that are kept for operators. */
  readonly operator: boolean
  /** The node and its cluster have proved themselves. */
  readonly onProved: (node: NodeId, cluster: ClusterId) => void
  readonly onReply: (reply: ClientReply) => void
  /** Once, after everything else. */
  readonly onClosed: (failure: Failure) => void
}

export class Connection {
  readonly #options: ConnectionOptions
  readonly #socket: Socket
  readonly #channel: Channel<ClientReply, ClientRequest>
  readonly #proofTimer: NodeJS.Timeout
  #failure: Failure | undefined
  #isFlushDue = false
  /** Since when something was asked and nothing at all heard. */
  #silentSince: number | undefined

  constructor(options: ConnectionOptions) {
    this.#options = options
    const { host, port } = options.address
    this.#channel = channelOf(options)
    this.#socket = connect({ host, port, noDelay: true })
    this.#proofTimer = setTimeout(() => this.#end('UNREACHABLE', 'no answer in time'), proofMsMax)
    this.#socket.on('connect', () => this.#flush())
    this.#socket.on('data', chunk => this.#hear(chunk))
    // Without a listener an error would end the process; `close` always follows it.
    this.#socket.on('error', problem => this.#fail('UNREACHABLE', reasonOf(problem)))
    this.#socket.on('close', () => {
      clearTimeout(this.#proofTimer)
      options.onClosed(this.#fail('UNREACHABLE', 'the connection ended'))
    })
  }

  /** Queues a request for the end of this turn; a failure is definite: nothing was sent. */
  send(request: ClientRequest): Failure | undefined {
    if (this.#socket.destroyed) return this.#described('UNREACHABLE', 'the connection ended')
    if (this.#socket.writableLength + this.#channel.queuedBytes > queuedBytesMax) {
      return this.#described('BUSY', 'does not take what is sent')
    }
    const result = this.#channel.send(request)
    if (result === 'closed') return this.#described('UNREACHABLE', 'the connection ended')
    if (result === 'too-large') return this.#described('TOO_LARGE', 'no frame takes this request')
    this.#silentSince ??= performance.now()
    if (this.#channel.queuedBytes > writeBytes) this.#flush()
    else if (!this.#isFlushDue) {
      this.#isFlushDue = true
      setImmediate(() => this.#flush())
    }
    return undefined
  }

  /** Closes a connection that has said nothing for very long, or does not end a frame. */
  check(now: number): void {
    const overdue = this.#channel.overdue(now)
    if (overdue !== undefined) this.#end('UNREACHABLE', overdue)
    else if (this.#silentSince !== undefined && now - this.#silentSince > silenceMsMax) {
      this.#end('UNREACHABLE', 'says nothing any more')
    }
  }

  /** What is queued is dropped. */
  destroy(): void {
    this.#end('UNREACHABLE', 'closed by this side')
  }

  #hear(chunk: Uint8Array): void {
    this.#silentSince = undefined
    for (const event of this.#channel.push(chunk)) {
      if (this.#failure === undefined) this.#handle(event)
    }
    if (this.#channel.queuedBytes > 0) this.#flush()
    if (this.#channel.dead) this.#socket.destroySoon()
  }

  #handle(event: ChannelEvent<ClientReply>): void {
    switch (event.type) {
      case 'proved':
        return this.#proved(event.proved)
      case 'message':
        return this.#options.onReply(event.message)
      case 'refused':
        this.#fail(codeOfRefusal[event.refusal.code], textOf(event.refusal))
        return
      case 'malformed':
        this.#fail('PROTOCOL', `does not speak our protocol: ${event.reason}`)
        return
    }
  }

  #proved(proved: Proved): void {
    clearTimeout(this.#proofTimer)
    const welcome = proved.side === 'client' ? proved.welcome : undefined
    if (welcome?.self === undefined) return this.#end('PROTOCOL', 'is no node')
    this.#options.onProved(welcome.self.node, welcome.cluster)
  }

  #flush(): void {
    this.#isFlushDue = false
    const output = this.#channel.takeOutput()
    if (output !== undefined && !this.#socket.destroyed) this.#socket.write(output)
  }

  #end(code: Code, reason: string): void {
    this.#fail(code, reason)
    this.#socket.destroy()
  }

  /** The first reason is the true one: what follows comes from closing. */
  #fail(code: Code, reason: string): Failure {
    this.#failure ??= this.#described(code, reason)
    return this.#failure
  }

  #described(code: Code, reason: string): Failure {
    const { address, expected } = this.#options
    const who = expected ?? `${address.host}:${address.port}`
    return { code, message: `${who}: ${reason}`, outcome: nothingDone(0) }
  }
}

function channelOf(options: ConnectionOptions): Channel<ClientReply, ClientRequest> {
  const { address, cluster, expected, network, operator } = options
  return new Channel({
    handshake: {
      side: 'client',
      hash: clientHash,
      network,
      nonce: randomBytes(32).toString('latin1'),
      role: operator ? 'admin' : 'client',
      cluster,
      self: undefined,
      expected,
      port: address.port,
      features: [ownWord],
    },
    openedMs: performance.now(),
    decoders: { client: decodeClientReply, admin: decodeClientReply },
    write: writeClientRequest,
  })
}

function textOf({ code, text }: Refusal): string {
  return code === 'busy' ? `is busy: ${text}` : text
}

function reasonOf(problem: Error): string {
  const code: unknown = Reflect.get(problem, 'code')
  if (code === 'ECONNREFUSED') return 'nobody listens there'
  return typeof code === 'string' ? code : 'the connection failed'
}

const codeOfRefusal: { readonly [C in RefusalCode]: Code } = {
  'bad-proof': 'DENIED',
  'unknown-key': 'DENIED',
  method: 'DENIED',
  role: 'DENIED',
  'wrong-cluster': 'UNREACHABLE',
  'wrong-node': 'UNREACHABLE',
  'wrong-port': 'UNREACHABLE',
  'duplicate-start': 'UNREACHABLE',
  busy: 'BUSY',
  version: 'PROTOCOL',
  'wrong-hash': 'PROTOCOL',
  malformed: 'PROTOCOL',
  refused: 'DENIED',
}

/** All connections of this process are one client's: what a node holds for them counts together. */
const ownWord = clientWord(randomBytes(8).toString('hex'))
/** From the first packet to the proof. */
const proofMsMax = 1000
/** A turn's output is written early past this many bytes. */
const writeBytes = 64 * 1024
/** Past this a node does not get more: what it takes in flight, as its welcome says. */
const queuedBytesMax = 32 * 1024 * 1024
const silenceMsMax = 30_000
