/** Somebody who proves itself as a node and then says by hand what it likes. */
import { randomBytes } from 'node:crypto'
import { connect, type Socket } from 'node:net'
import type { ClusterId, NodeId, StartId, StoreId } from '../../src/core/ids.ts'
import type { PeerMessage } from '../../src/core/message.ts'
import { nodeHash } from '../../src/node/hash.ts'
import { Channel } from '../../src/wire/channel.ts'
import { decodePeerMessage, writeMessage } from '../../src/wire/message-codec.ts'
import type { SecretKey } from '../../src/wire/secret.ts'

type As = { readonly cluster: ClusterId; readonly node: string; readonly start?: string }

export class RawPeer {
  readonly socket: Socket
  readonly channel: Channel<PeerMessage, PeerMessage>
  closed = false
  readonly #heard: PeerMessage[] = []
  #more: () => void = () => undefined

  private constructor(socket: Socket, channel: Channel<PeerMessage, PeerMessage>) {
    this.socket = socket
    this.channel = channel
  }

  /** Resolves once proved; rejects with what the node said against it. */
  static open(port: number, network: readonly SecretKey[], as: As): Promise<RawPeer> {
    const socket = connect({ host: '127.0.0.1', port, noDelay: true })
    const random = (count: number) => randomBytes(count).toString('latin1')
    const channel = new Channel<PeerMessage, PeerMessage>({
      handshake: {
        side: 'client',
        hash: nodeHash,
        network,
        nonce: random(32),
        role: 'peer',
        cluster: as.cluster,
        self: {
          node: as.node as NodeId,
          store: random(8) as StoreId,
          start: (as.start ?? random(8)) as StartId,
          durableAtStart: 0,
          durable: 0,
          port: 1,
        },
        expected: undefined,
        port,
      },
      openedMs: 0,
      decoders: { peer: decodePeerMessage },
      write: writeMessage,
    })
    const peer = new RawPeer(socket, channel)
    return new Promise((resolve, reject) => {
      socket.on('error', reject)
      socket.on('close', () => {
        peer.closed = true
        reject(new Error('closed'))
      })
      socket.on('data', chunk => {
        for (const event of channel.push(chunk)) {
          if (event.type === 'proved') resolve(peer)
          else if (event.type === 'message') peer.#take(event.message)
          else if (event.type === 'refused') reject(new Error(event.refusal.text))
          else reject(new Error(event.reason))
        }
        peer.#flush()
      })
      peer.#flush()
    })
  }

  send(...messages: PeerMessage[]): void {
    for (const message of messages) this.channel.send(message)
    this.#flush()
  }

  /** The next messages that pass, once there are so many; the others are forgotten. */
  async heard(
    count: number,
    passes: (message: PeerMessage) => boolean = () => true,
  ): Promise<readonly PeerMessage[]> {
    const wanted: PeerMessage[] = []
    while (wanted.length < count) {
      const next = this.#heard.shift()
      if (next === undefined) {
        await new Promise<void>(resolve => {
          this.#more = resolve
        })
      } else if (passes(next)) wanted.push(next)
    }
    return wanted
  }

  async close(): Promise<void> {
    if (this.closed) return
    await new Promise<void>(resolve => {
      this.socket.once('close', () => resolve())
      this.socket.destroy()
    })
  }

  #take(message: PeerMessage): void {
    this.#heard.push(message)
    this.#more()
  }

  #flush(): void {
    const output = this.channel.takeOutput()
    if (output !== undefined && !this.socket.destroyed) this.socket.write(output)
  }
}
