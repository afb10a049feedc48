/** The real channels of the simulated nodes and clients, as `src/node/channels.ts` makes them. */

import { assert } from '../core/assert.ts'
import type { NodeId } from '../core/ids.ts'
import type { ClientReply, ClientRequest, PeerMessage } from '../core/message.ts'
import { frameBytesMax, inFlightBytesMax, inFlightMax } from '../wire/bounds.ts'
import { Channel } from '../wire/channel.ts'
import type { Identity } from '../wire/hello.ts'
import {
  decodeClientReply,
  decodeClientRequest,
  decodePeerMessage,
  writeMessage,
} from '../wire/message-codec.ts'
import type { SimClient } from './client.ts'
import type { Context } from './context.ts'
import { simHash } from './hash.ts'
import type { Machine } from './machine.ts'

/** The side that accepts: members and clients send here. */
export function acceptedChannel(
  context: Context,
  machine: Machine,
): Channel<PeerMessage | ClientRequest, PeerMessage | ClientReply> {
  return new Channel<PeerMessage | ClientRequest, PeerMessage | ClientReply>({
    handshake: {
      side: 'server',
      hash: simHash,
      network: context.secret.network,
      nonce: machine.luck.bytes(32),
      cluster: context.cluster,
      self: identityOf(context, machine),
      port: portOf(context, machine.id),
      roles: ['peer', 'client'],
      limits: { frameBytes: frameBytesMax, inFlight: inFlightMax, inFlightBytes: inFlightBytesMax },
      time: machine.clock.wall(machine.now),
      admit: () => undefined,
    },
    openedMs: machine.now / 1000,
    decoders: { peer: decodePeerMessage, client: decodeClientRequest },
    write: writeMessage,
    frameBytes: context.limits.frameBytes,
  })
}

/** The side that dials a member. */
export function peerChannel(
  context: Context,
  machine: Machine,
  to: NodeId,
): Channel<PeerMessage, PeerMessage> {
  return new Channel<PeerMessage, PeerMessage>({
    handshake: {
      side: 'client',
      hash: simHash,
      network: context.secret.network,
      nonce: machine.luck.bytes(32),
      role: 'peer',
      cluster: context.cluster,
      self: identityOf(context, machine),
      expected: to,
      port: portOf(context, to),
    },
    openedMs: machine.now / 1000,
    decoders: { peer: decodePeerMessage },
    write: writeMessage,
    frameBytes: context.limits.frameBytes,
  })
}

/** The side that dials a node as a client. */
export function clientChannel(
  context: Context,
  client: SimClient,
  to: NodeId,
): Channel<ClientReply, ClientRequest> {
  return new Channel<ClientReply, ClientRequest>({
    handshake: {
      side: 'client',
      hash: simHash,
      network: context.secret.network,
      nonce: client.luck.bytes(32),
      role: 'client',
      cluster: context.cluster,
      self: undefined,
      expected: to,
      port: portOf(context, to),
    },
    openedMs: context.events.now / 1000,
    decoders: { client: decodeClientReply },
    write: writeMessage,
  })
}

function identityOf(context: Context, machine: Machine): Identity {
  assert(machine.process !== undefined, 'only a process has connections')
  return {
    node: machine.id,
    store: machine.store,
    start: machine.process.start,
    durableAtStart: machine.commitsAtStart,
    durable: machine.disk.commits,
    port: portOf(context, machine.id),
  }
}

function portOf(context: Context, node: NodeId): number {
  return context.members.find(member => member.id === node)?.port ?? 0
}
