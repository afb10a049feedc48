/** Both ends of a connection in one process, for tests of the handshake and the channel. */
import { randomBytes } from 'node:crypto'
import {
  type ClusterId,
  type NodeId,
  nodeIdOf,
  type StartId,
  type StoreId,
} from '../../src/core/ids.ts'
import type { ClientReply, ClientRequest, PeerMessage } from '../../src/core/message.ts'
import { Channel, type ChannelEvent } from '../../src/wire/channel.ts'
import type { ClientOptions, ServerOptions } from '../../src/wire/handshake.ts'
import type { Identity } from '../../src/wire/hello.ts'
import {
  decodeClientReply,
  decodeClientRequest,
  decodePeerMessage,
  writeMessage,
} from '../../src/wire/message-codec.ts'
import { newSecret } from '../../src/wire/secret.ts'
import type { AnyMessage } from '../../src/wire/tags.ts'
import { nodeHash } from './hash.ts'

export const random = (count: number) => randomBytes(count).toString('latin1')
export const secret = newSecret(random)
export const cluster = random(16) as ClusterId

export function identity(name: string, port: number): Identity {
  return {
    node: nodeIdOf(name) as NodeId,
    store: random(8) as StoreId,
    start: random(8) as StartId,
    durableAtStart: 5,
    durable: 9,
    port,
  }
}

export function serverOptions(changes: Partial<ServerOptions> = {}): ServerOptions {
  return {
    hash: nodeHash,
    network: secret.network,
    nonce: random(32),
    cluster,
    self: identity('n1', 4701),
    port: 4701,
    roles: ['peer', 'client', 'admin'],
    limits: { frameBytes: 2 ** 24, inFlight: 1024, inFlightBytes: 2 ** 25 },
    time: 1_700_000_000_000,
    admit: () => undefined,
    ...changes,
  }
}

export function clientOptions(changes: Partial<ClientOptions> = {}): ClientOptions {
  return {
    hash: nodeHash,
    network: secret.network,
    nonce: random(32),
    role: 'client',
    cluster,
    self: undefined,
    expected: nodeIdOf('n1'),
    port: 4701,
    ...changes,
  }
}

export type ServerChannel = Channel<PeerMessage | ClientRequest, AnyMessage>
export type ClientChannel = Channel<PeerMessage | ClientReply, AnyMessage>

export function serverChannel(changes: Partial<ServerOptions> = {}): ServerChannel {
  return new Channel<PeerMessage | ClientRequest, AnyMessage>({
    handshake: { side: 'server', ...serverOptions(changes) },
    openedMs: 0,
    decoders: { peer: decodePeerMessage, client: decodeClientRequest, admin: decodeClientRequest },
    write: writeMessage,
  })
}

export function clientChannel(changes: Partial<ClientOptions> = {}): ClientChannel {
  return new Channel<PeerMessage | ClientReply, AnyMessage>({
    handshake: { side: 'client', ...clientOptions(changes) },
    openedMs: 0,
    decoders: { peer: decodePeerMessage, client: decodeClientReply, admin: decodeClientReply },
    write: writeMessage,
  })
}

/** Carries bytes to and fro until both are silent; what each side heard. */
export function talk(client: ClientChannel, server: ServerChannel) {
  const heard = {
    client: [] as ChannelEvent<PeerMessage | ClientReply>[],
    server: [] as ChannelEvent<PeerMessage | ClientRequest>[],
  }
  for (;;) {
    const up = client.takeOutput()
    if (up !== undefined) heard.server.push(...server.push(up))
    const down = server.takeOutput()
    if (down !== undefined) heard.client.push(...client.push(down))
    if (up === undefined && down === undefined) return heard
  }
}
