/**
 * The channels of a node: what it says of itself in a hello, the keys that prove it, and which
 * messages each side of a connection carries.
 */
import { randomBytes } from 'node:crypto'
import type { ClusterId, Instant, NodeId, StartId, StoreId } from '../core/ids.ts'
import type { ClientReply, ClientRequest, PeerMessage } from '../core/message.ts'
import type { PeerAddress } from '../core/step.ts'
import { frameBytesMax, inFlightBytesMax, inFlightMax } from '../wire/bounds.ts'
import { Channel } from '../wire/channel.ts'
import type { Hello, Identity, Refusal } from '../wire/hello.ts'
import { decodeClientRequest, decodePeerMessage, writeMessage } from '../wire/message-codec.ts'
import type { SecretKey } from '../wire/secret.ts'
import type { Clock } from './clock.ts'
import { nodeHash } from './hash.ts'

/** The side that accepts: members and clients send here. */
export type IncomingChannel = Channel<PeerMessage | ClientRequest, PeerMessage | ClientReply>
/** The side that dials a member. */
export type OutgoingChannel = Channel<PeerMessage, PeerMessage>
/** The last word over a proved hello; undefined: come in. */
export type Admit = (hello: Hello) => Refusal | undefined

export type ChannelsOptions = {
  readonly cluster: ClusterId
  readonly node: NodeId
  readonly store: StoreId
  readonly start: StartId
  readonly network: readonly SecretKey[]
  readonly commitsAtStart: number
  readonly commits: () => number
  readonly clock: Clock
}

export class Channels {
  readonly #options: ChannelsOptions
  #port = 0

  constructor(options: ChannelsOptions) {
    this.#options = options
  }

  /** The port that this node listens on; known once it does. */
  listening(port: number): void {
    this.#port = port
  }

  incoming(admit: Admit): IncomingChannel {
    const { cluster, network, clock } = this.#options
    return new Channel<PeerMessage | ClientRequest, PeerMessage | ClientReply>({
      handshake: {
        side: 'server',
        hash: nodeHash,
        network,
        nonce: newNonce(),
        cluster,
        self: this.#identity(),
        port: this.#port,
        roles: ['peer', 'client', 'admin'],
        limits: {
          frameBytes: frameBytesMax,
          inFlight: inFlightMax,
          inFlightBytes: inFlightBytesMax,
        },
        time: clock.wall(),
        admit,
      },
      openedMs: clock.now(),
      decoders: {
        peer: decodePeerMessage,
        client: decodeClientRequest,
        admin: decodeClientRequest,
      },
      write: writeMessage,
    })
  }

  outgoing(member: PeerAddress, now: Instant): OutgoingChannel {
    const { cluster, network } = this.#options
    return new Channel<PeerMessage, PeerMessage>({
      handshake: {
        side: 'client',
        hash: nodeHash,
        network,
        nonce: newNonce(),
        role: 'peer',
        cluster,
        self: this.#identity(),
        expected: member.id,
        port: member.port,
      },
      openedMs: now,
      decoders: { peer: decodePeerMessage },
      write: writeMessage,
    })
  }

  #identity(): Identity {
    const { node, store, start, commitsAtStart, commits } = this.#options
    return {
      node,
      store,
      start,
      durableAtStart: commitsAtStart,
      durable: commits(),
      port: this.#port,
    }
  }
}

function newNonce(): string {
  return randomBytes(32).toString('latin1')
}
