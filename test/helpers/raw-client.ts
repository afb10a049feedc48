/**
 * A client without any of the client's cleverness: one connection to one node, requests by
 * hand. Tests of a node need to say what no well-behaved client says.
 */
import { randomBytes } from 'node:crypto'
import { connect, type Socket } from 'node:net'
import type { ClusterId, Epoch, Key, OpId } from '../../src/core/ids.ts'
import type { ClientReply, ClientRequest } from '../../src/core/message.ts'
import { nodeHash } from '../../src/node/hash.ts'
import { Channel } from '../../src/wire/channel.ts'
import { clientWord, type Identity, type Refusal } from '../../src/wire/hello.ts'
import { decodeClientReply, writeMessage } from '../../src/wire/message-codec.ts'
import type { SecretKey } from '../../src/wire/secret.ts'

/** A request of each type without its number and envelope. */
type Bare<Request> = Request extends ClientRequest
  ? Omit<Request, 'id' | 'epoch' | 'timeLeft'>
  : never

export class RawClient {
  readonly socket: Socket
  readonly channel: Channel<ClientReply, ClientRequest>
  /** Why the node refused us, or called us malformed. */
  refusal: Refusal | undefined
  closed = false
  /** True: requests gather until `flush`, and leave in one write. */
  together = false
  epoch = '' as Epoch
  readonly #waiting = new Map<number, (reply: ClientReply) => void>()
  #lastId = 0

  constructor(socket: Socket, channel: Channel<ClientReply, ClientRequest>) {
    this.socket = socket.setMaxListeners(0)
    this.channel = channel
  }

  /** Resolves once proved; rejects with what the node said against it. */
  static async open(
    port: number,
    network: readonly SecretKey[],
    self?: Identity,
    cluster?: ClusterId,
    /** Which client it says that it is, or that it is an operator. */
    as: { readonly client?: string; readonly operator?: boolean } = {},
  ): Promise<RawClient> {
    const socket = connect({ host: '127.0.0.1', port, noDelay: true })
    const channel = new Channel<ClientReply, ClientRequest>({
      handshake: {
        side: 'client',
        hash: nodeHash,
        network,
        nonce: randomBytes(32).toString('latin1'),
        role: self !== undefined ? 'peer' : as.operator === true ? 'admin' : 'client',
        cluster,
        self,
        expected: undefined,
        port,
        features: as.client === undefined ? [] : [clientWord(as.client)],
      },
      openedMs: 0,
      decoders: { client: decodeClientReply, peer: decodeClientReply, admin: decodeClientReply },
      write: writeMessage,
    })
    const client = new RawClient(socket, channel)
    await client.#prove()
    if (self !== undefined) return client
    const view = await client.ask({ type: 'view' })
    if (view.type === 'viewed') client.epoch = view.epoch
    return client
  }

  /** Sends a request; resolves with its reply, rejects where the connection ends first. */
  ask(request: Bare<ClientRequest>, timeLeft = 2000): Promise<ClientReply> {
    return new Promise((resolve, reject) => {
      const id = ++this.#lastId
      this.#waiting.set(id, resolve)
      this.socket.once('close', () => reject(new Error('closed')))
      this.channel.send({ ...request, id, epoch: this.epoch, timeLeft } as ClientRequest)
      if (!this.together) this.flush()
    })
  }

  async put(key: string, value: string, context?: Uint8Array): Promise<ClientReply> {
    return this.ask({
      type: 'put',
      key: key as Key,
      value: new TextEncoder().encode(value),
      context,
      op: newOp(),
      again: false,
      generation: 0,
      w: undefined,
      strict: false,
      explain: false,
    })
  }

  get(key: string): Promise<ClientReply> {
    return this.ask({
      type: 'get',
      key: key as Key,
      r: undefined,
      strict: false,
      repair: undefined,
      explain: false,
    })
  }

  /** Values of the key as text, or the failure's code. */
  async values(key: string): Promise<readonly (string | undefined)[] | string> {
    const reply = await this.get(key)
    if (reply.type === 'failed') return reply.failure.code
    if (reply.type !== 'got') throw new Error(`a get was answered by ${reply.type}`)
    return reply.versions.map(version =>
      version.value === undefined ? undefined : new TextDecoder().decode(version.value),
    )
  }

  async status(): Promise<Extract<ClientReply, { type: 'status-is' }>> {
    const reply = await this.ask({ type: 'status' })
    if (reply.type !== 'status-is') throw new Error(`a status was answered by ${reply.type}`)
    return reply
  }

  async counter(name: string): Promise<number> {
    const found = (await this.status()).counters.find(([one]) => one === name)
    if (found === undefined) throw new Error(`no counter ${name}`)
    return found[1]
  }

  flush(): void {
    const output = this.channel.takeOutput()
    if (output !== undefined && !this.socket.destroyed) this.socket.write(output)
  }

  close(): Promise<void> {
    return new Promise(resolve => {
      if (this.closed) return resolve()
      this.socket.once('close', () => resolve())
      this.socket.destroy()
    })
  }

  async #prove(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.socket.on('error', reject)
      this.socket.on('close', () => {
        this.closed = true
        const said = this.refusal
        reject(new Error(said === undefined ? 'closed' : `${said.code}: ${said.text}`))
      })
      this.socket.on('data', chunk => {
        for (const event of this.channel.push(chunk)) {
          if (event.type === 'proved') resolve()
          else if (event.type === 'message') this.#answered(event.message)
          else if (event.type === 'refused') this.refusal = event.refusal
          else this.refusal = { code: 'malformed', text: event.reason }
        }
        this.flush()
      })
      this.flush()
    })
  }

  #answered(reply: ClientReply): void {
    this.#waiting.get(reply.id)?.(reply)
    this.#waiting.delete(reply.id)
  }
}

export function newOp(): OpId {
  const op = Buffer.alloc(12)
  op.writeUIntBE(Date.now(), 0, 6)
  randomBytes(6).copy(op, 6)
  return op.toString('latin1') as OpId
}
