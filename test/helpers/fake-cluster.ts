/**
 * Nodes without a store or peers: real sockets, the real channel, one shared map of versions.
 * What the client asks is logged; a test may answer, hold or drop it instead.
 */
import { createServer, type Server, type Socket } from 'node:net'
import type { Dot } from '../../src/core/causality/version-vector.ts'
import { tokenOf } from '../../src/core/hash.ts'
import type { Actor, ClusterId, Key, StartId, StoreId } from '../../src/core/ids.ts'
import type {
  ClientReply,
  ClientRequest,
  PutRequest,
  ShownVersion,
  ViewReply,
} from '../../src/core/message.ts'
import { nothingDone } from '../../src/core/outcome.ts'
import { Channel } from '../../src/wire/channel.ts'
import { writeClientReply } from '../../src/wire/client-reply-codec.ts'
import { decodeClientRequest } from '../../src/wire/message-codec.ts'
import { newSecret, renderSecret, type SecretFile } from '../../src/wire/secret.ts'
import { memberOf, node, seededRandom, testHash, viewOf } from './session-world.ts'

/** Instead of the usual answer: another one, none, or the end of the connection. */
export type Behaviour = (
  request: ClientRequest,
  name: string,
) => ClientReply | 'usual' | 'silent' | 'drop'

type NodeChannel = Channel<ClientRequest, ClientReply>

export class FakeCluster {
  readonly secret: SecretFile
  id: ClusterId
  readonly names: readonly string[]
  readonly log: { readonly name: string; readonly request: ClientRequest }[] = []
  readonly rows = new Map<Key, ShownVersion[]>()
  readonly sockets = new Set<Socket>()
  /** All that any client sent. */
  heard = ''
  behaviour: Behaviour = () => 'usual'
  readonly #servers = new Map<string, Server>()
  readonly #ports = new Map<string, number>()
  #counter = 0

  constructor(names: readonly string[], seed = 1) {
    const random = seededRandom(seed)
    this.names = names
    this.secret = newSecret(random)
    this.id = random(16) as ClusterId
  }

  /** Starts nodes on ports of their own; close it before the test ends. */
  static async start(names: readonly string[] = ['n1', 'n2', 'n3'], seed = 1) {
    const cluster = new FakeCluster(names, seed)
    for (const name of names) await cluster.startNode(name)
    return cluster
  }

  async startNode(name: string): Promise<void> {
    const server = createServer(socket => this.#serve(name, socket))
    this.#servers.set(name, server)
    await new Promise<void>(resolve => {
      server.listen(this.#ports.get(name) ?? 0, '127.0.0.1', resolve)
    })
    const address = server.address()
    if (typeof address === 'object' && address !== null) this.#ports.set(name, address.port)
  }

  /** As a kill would: the port is dead, and so is every connection. */
  async stopNode(name: string): Promise<void> {
    const server = this.#servers.get(name)
    this.#servers.delete(name)
    const port = this.port(name)
    for (const socket of this.sockets) if (socket.localPort === port) socket.destroy()
    await new Promise(resolve => server?.close(resolve) ?? resolve(undefined))
  }

  async close(): Promise<void> {
    for (const name of [...this.#servers.keys()]) await this.stopNode(name)
  }

  port(name: string): number {
    return this.#ports.get(name) ?? 0
  }

  get seeds(): string[] {
    return this.names.map(name => `127.0.0.1:${this.port(name)}`)
  }

  get secretText(): string {
    return renderSecret(this.secret)
  }

  asked(type: ClientRequest['type']): ClientRequest[] {
    return this.log.map(one => one.request).filter(request => request.type === type)
  }

  view(id: number): ViewReply {
    const members = this.names.map(name => memberOf(name, this.port(name)))
    const view = viewOf(this.names, { id, members, time: Date.now() })
    const count = this.names.length
    const [replicas, quorum] = [Math.min(3, count), Math.min(2, count)]
    const settings = { ...view.settings, replicas, readQuorum: quorum, writeQuorum: quorum }
    return { ...view, settings }
  }

  /** What a node that is well answers. */
  usual(request: ClientRequest, name: string): ClientReply {
    const { id } = request
    const outcome = { ...nothingDone(2), primaryAcks: [node(name)] }
    switch (request.type) {
      case 'view':
        return this.view(id)
      case 'get': {
        const versions = this.rows.get(request.key) ?? []
        return {
          type: 'got',
          id,
          versions,
          context: contextOf(versions),
          generation: 0,
          outcome,
          explained: undefined,
        }
      }
      case 'put':
        return this.#put(request, name)
      case 'scan': {
        const keys = [...this.rows.keys()].filter(key => key.startsWith(request.prefix)).sort()
        const rest = keys.filter(key => key > request.after)
        const page = rest.slice(0, 2)
        const cursor = rest.length > 2 ? page.at(-1) : undefined
        return { type: 'page', id, keys: page, cursor, missing: undefined }
      }
      case 'inspect': {
        const token = tokenOf(testHash, request.key)
        return { type: 'inspected', id, token, replicas: [] }
      }
      case 'faults':
        return {
          type: 'failed',
          id,
          failure: { code: 'FAULTS_OFF', message: 'off', outcome },
          explained: undefined,
        }
      case 'wholeness': {
        const all = { whole: true, unwhole: 0, waitsFor: [], helped: 0 }
        return { type: 'wholeness-is', id, node: node(name), ...all }
      }
      case 'hints':
        return { type: 'hints-are', id, node: node(name), owners: [], bytesMax: 1024 }
      case 'exchange': {
        const paused = request.pause ?? false
        const none = { pairs: [], runs: [], left: 0 }
        return { type: 'exchange-is', id, node: node(name), paused, ready: true, ...none }
      }
      case 'repair':
        return { type: 'repair-is', id, node: node(name), progress: undefined }
      case 'count': {
        const none = { tombstones: 0, tombstoneBytes: 0, siblings: 0, damaged: 0, next: undefined }
        return { type: 'counts-are', id, node: node(name), keys: 0, bytes: 0, ...none }
      }
      case 'gossip':
        return {
          type: 'gossiped',
          id,
          node: node(name),
          epoch: this.view(0).epoch,
          member: true,
          beliefs: [],
          rounds: 1,
          lastExchangeMs: 1,
          refused: 0,
          clockAheadMs: undefined,
        }
      case 'status':
        return {
          type: 'status-is',
          id,
          node: node(name),
          store: 'store-01' as StoreId,
          start: 'start-01' as StartId,
          upMs: 1,
          keys: this.rows.size,
          commits: 0,
          full: false,
          connected: [],
          counters: [],
        }
    }
  }

  /** Keeps what the context has not seen beside the new version; a known operation is no news. */
  #put(request: PutRequest, name: string): ClientReply {
    const seen = new Set(request.context ?? [])
    const known = this.rows.get(request.key) ?? []
    const isKnown = known.some(version => version.op === request.op)
    const kept = isKnown ? known : known.filter(version => !seen.has(version.dot.counter))
    const dot: Dot = { actor: 'actor-01' as Actor, counter: ++this.#counter }
    const { value, op, id } = request
    const fresh = { dot, op, value, at: Date.now(), via: node(name) }
    const versions = isKnown ? known : [...kept, fresh]
    this.rows.set(request.key, versions)
    const context = Uint8Array.from([...seen, dot.counter])
    const outcome = { ...nothingDone(2), primaryAcks: [node(name)], dot, op }
    const siblings = versions.length - 1
    const rest = { newest: undefined, generation: 0, explained: undefined }
    return { type: 'wrote', id, context, siblings, outcome, ...rest }
  }

  #serve(name: string, socket: Socket): void {
    this.sockets.add(socket)
    socket.on('close', () => this.sockets.delete(socket))
    socket.on('error', () => socket.destroy())
    const channel = this.#channel(name)
    socket.on('data', chunk => {
      this.heard += chunk.toString('latin1')
      for (const event of channel.push(chunk)) {
        if (event.type === 'message') this.#answer(name, socket, channel, event.message)
      }
      const output = channel.takeOutput()
      if (output !== undefined && !socket.destroyed) socket.write(output)
      if (channel.dead) socket.destroySoon()
    })
  }

  #answer(name: string, socket: Socket, channel: NodeChannel, request: ClientRequest): void {
    this.log.push({ name, request })
    const behaviour = this.behaviour(request, name)
    if (behaviour === 'silent') return
    if (behaviour === 'drop') {
      socket.destroy()
      return
    }
    channel.send(behaviour === 'usual' ? this.usual(request, name) : behaviour)
  }

  #channel(name: string): NodeChannel {
    const port = this.port(name)
    return new Channel<ClientRequest, ClientReply>({
      handshake: {
        side: 'server',
        hash: testHash,
        network: this.secret.network,
        nonce: seededRandom(++this.#counter)(32),
        cluster: this.id,
        self: {
          node: node(name),
          store: 'store-01' as StoreId,
          start: 'start-01' as StartId,
          durableAtStart: 0,
          durable: 0,
          port,
        },
        port,
        roles: ['client', 'admin'],
        limits: { frameBytes: 1 << 24, inFlight: 1024, inFlightBytes: 1 << 25 },
        time: Date.now(),
        admit: () => undefined,
      },
      openedMs: 0,
      decoders: { client: decodeClientRequest, admin: decodeClientRequest },
      write: writeClientReply,
    })
  }
}

function contextOf(versions: readonly ShownVersion[]): Uint8Array {
  return Uint8Array.from(versions.map(version => version.dot.counter))
}
