/** The end of the control socket that `kv` holds. Every call has a deadline. */
import { randomBytes } from 'node:crypto'
import { connect, type Socket } from 'node:net'
import { clientHash } from '../client/hash.ts'
import { binaryOf } from '../core/binary.ts'
import { Channel } from '../wire/channel.ts'
import { nonceBytes, type Refusal } from '../wire/hello.ts'
import { ClusterError } from './cluster-error.ts'
import {
  type ControlReply,
  type ControlRequest,
  decodeControlReply,
  writeControlRequest,
} from './control-message.ts'
import type { ControlSecret } from './control-server.ts'

/** What comes back when all went well. */
export type ControlResult = Exclude<ControlReply, { readonly type: 'refused' }>

/**
 * A request without its number. Only one is under way at a time on a connection, so the number
 * is 1 for the first, 2 for the next.
 */
export type ControlCall =
  | Omit<Extract<ControlRequest, { type: 'act' }>, 'id'>
  | { readonly type: 'processes' | 'down' }

export class ControlClient {
  readonly #socket: Socket
  readonly #channel: Channel<ControlReply, ControlRequest>
  #lastId = 0
  #heard: (reply: ControlReply) => void = () => undefined
  #failed: (problem: ClusterError) => void = () => undefined
  #problem: ClusterError | undefined

  private constructor(socket: Socket, secret: ControlSecret, proved: () => void) {
    this.#socket = socket
    this.#channel = newChannel(secret)
    socket.on('connect', () => this.#flush())
    socket.on('error', problem => this.#fail(unreachable(problem.message)))
    socket.on('close', () => this.#fail(unreachable('it closed the connection')))
    socket.on('data', chunk => this.#receive(chunk, proved))
  }

  /**
   * Connects and proves both sides. Throws UNREACHABLE, DENIED, TIMEOUT, PROTOCOL (the supervisor
   * is of another version).
   */
  static async connect(
    socket: string,
    secret: ControlSecret,
    timeoutMs: number,
  ): Promise<ControlClient> {
    const { promise, resolve, reject } = withDeadline<void>(timeoutMs, 'no answer')
    const client = new ControlClient(connect(socket), secret, resolve)
    client.#failed = reject
    try {
      await promise
      return client
    } catch (problem) {
      client.close()
      throw problem
    }
  }

  /**
   * Sends one request and waits for its reply. `doing` names it in the message of a TIMEOUT.
   * Throws what the supervisor refused with its code, UNREACHABLE, TIMEOUT.
   */
  async call(request: ControlCall, timeoutMs: number, doing: string): Promise<ControlResult> {
    if (this.#problem !== undefined) throw this.#problem
    const { promise, resolve, reject } = withDeadline<ControlReply>(timeoutMs, doing)
    this.#lastId++
    const id = this.#lastId
    this.#failed = reject
    this.#heard = reply => {
      if (reply.id === id) resolve(reply)
    }
    this.#channel.send({ ...request, id })
    this.#flush()
    const reply = await promise
    if (reply.type !== 'refused') return reply
    throw new ClusterError(reply.code, reply.message, reply.suggestions)
  }

  close(): void {
    this.#socket.destroy()
  }

  #receive(chunk: Uint8Array, proved: () => void): void {
    for (const event of this.#channel.push(chunk)) {
      if (event.type === 'proved') proved()
      else if (event.type === 'message') this.#heard(event.message)
      else if (event.type === 'malformed') this.#fail(unreachable(event.reason))
      else this.#fail(refused(event.refusal))
    }
    this.#flush()
  }

  #flush(): void {
    const output = this.#channel.takeOutput()
    if (output !== undefined && !this.#socket.destroyed) this.#socket.write(output)
  }

  #fail(problem: ClusterError): void {
    this.#problem ??= problem
    this.#failed(this.#problem)
  }
}

function newChannel(secret: ControlSecret): Channel<ControlReply, ControlRequest> {
  return new Channel({
    handshake: {
      side: 'client',
      hash: clientHash,
      network: secret.network,
      nonce: binaryOf(randomBytes(nonceBytes)),
      role: 'admin',
      cluster: secret.cluster,
      self: undefined,
      expected: undefined,
      port: 0,
    },
    openedMs: performance.now(),
    decoders: { admin: decodeControlReply },
    write: writeControlRequest,
  })
}

function refused({ code, text }: Refusal): ClusterError {
  if (code !== 'version') return new ClusterError('DENIED', `the supervisor: ${text}`)
  return new ClusterError('PROTOCOL', 'a supervisor of another version of kv runs this cluster', [
    'kv cluster down',
  ])
}

function unreachable(why: string): ClusterError {
  return new ClusterError('UNREACHABLE', `cannot speak with the supervisor: ${why}`, [
    'kv cluster up',
  ])
}

type Deadline<Value> = {
  readonly promise: Promise<Value>
  readonly resolve: (value: Value) => void
  readonly reject: (problem: ClusterError) => void
}

function withDeadline<Value>(timeoutMs: number, doing: string): Deadline<Value> {
  let resolve: Deadline<Value>['resolve'] = () => undefined
  let reject: Deadline<Value>['reject'] = () => undefined
  const promise = new Promise<Value>((yes, no) => {
    resolve = yes
    reject = no
  })
  const timer = setTimeout(() => {
    reject(new ClusterError('TIMEOUT', `the supervisor took more than ${timeoutMs} ms: ${doing}`))
  }, timeoutMs)
  void promise.finally(() => clearTimeout(timer)).catch(() => undefined)
  return { promise, resolve, reject }
}
