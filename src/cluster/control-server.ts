/**
 * The supervisor's end of the control socket: a Unix socket in the cluster's directory with the
 * same preamble, hello and proof as every connection (`security.md` §2.2). Only the role admin
 * is served.
 */
import { randomBytes } from 'node:crypto'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { clientHash } from '../client/hash.ts'
import { binaryOf } from '../core/binary.ts'
import type { ClusterId } from '../core/ids.ts'
import { frameBytesMax, inFlightBytesMax } from '../wire/bounds.ts'
import { Channel } from '../wire/channel.ts'
import { nonceBytes } from '../wire/hello.ts'
import type { SecretKey } from '../wire/secret.ts'
import {
  type ControlReply,
  type ControlRequest,
  decodeControlRequest,
  writeControlReply,
} from './control-message.ts'

/** What proves a side of the control socket. */
export type ControlSecret = {
  readonly cluster: ClusterId
  readonly network: readonly SecretKey[]
}

/** Answers one request; never rejects. */
export type Answer = (request: ControlRequest) => Promise<ControlReply>

export type ControlServer = {
  readonly socket: string
  /** Hands over what is queued, closes every connection and removes the socket. */
  readonly close: () => Promise<void>
}

/** Listens on `wanted`, or on a short path of its own where that one is too long. */
export async function listenControl(
  wanted: string,
  secret: ControlSecret,
  answer: Answer,
): Promise<ControlServer> {
  const { socket, directory } = await socketPath(wanted)
  await rm(socket, { force: true })
  const connections = new Set<Socket>()
  const server = createServer(connection => {
    connections.add(connection)
    connection.on('close', () => connections.delete(connection))
    serve(connection, secret, answer)
  })
  server.maxConnections = connectionsMax
  await listen(server, socket)
  if (process.platform !== 'win32') await chmod(socket, 0o600)
  return {
    socket,
    close: async () => {
      const closed = new Promise(resolve => server.close(resolve))
      for (const connection of connections) connection.destroySoon()
      await closed
      if (directory !== undefined) await rm(directory, { recursive: true, force: true })
    },
  }
}

const connectionsMax = 64
/** Requests of one connection that are not answered yet. */
const inFlightMax = 16
const overdueCheckMs = 500
/** macOS takes 104 bytes with the closing NUL. */
const pathBytesMax = 100

/** A socket's path, and the directory made for it where it could not lie in the cluster's own. */
async function socketPath(wanted: string): Promise<{ socket: string; directory?: string }> {
  if (process.platform === 'win32') {
    return { socket: `\\\\.\\pipe\\kvorum-${randomBytes(16).toString('hex')}` }
  }
  if (Buffer.byteLength(wanted) <= pathBytesMax) return { socket: wanted }
  // mkdtemp makes it 0700 under a name that nobody can have guessed.
  const directory = await mkdtemp(join(tmpdir(), 'kv-'))
  return { socket: join(directory, 's'), directory }
}

function listen(server: Server, socket: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(socket, () => {
      server.off('error', reject)
      resolve()
    })
  })
}

function serve(socket: Socket, secret: ControlSecret, answer: Answer): void {
  const channel = newChannel(secret)
  const clock = setInterval(() => {
    if (channel.overdue(performance.now()) !== undefined) socket.destroy()
  }, overdueCheckMs)
  let inFlight = 0
  const flush = () => {
    const output = channel.takeOutput()
    if (output !== undefined && !socket.destroyed) socket.write(output)
  }
  const handle = async (request: ControlRequest) => {
    inFlight++
    channel.send(await answer(request))
    inFlight--
    flush()
  }
  socket.on('close', () => clearInterval(clock))
  socket.on('error', () => socket.destroy())
  socket.on('data', chunk => {
    for (const event of channel.push(chunk)) {
      if (event.type !== 'message') continue
      if (inFlight < inFlightMax) void handle(event.message)
      else channel.send(busy(event.message.id))
    }
    flush()
    if (channel.dead) socket.destroySoon()
  })
}

function newChannel(secret: ControlSecret): Channel<ControlRequest, ControlReply> {
  return new Channel({
    handshake: {
      side: 'server',
      hash: clientHash,
      network: secret.network,
      nonce: binaryOf(randomBytes(nonceBytes)),
      cluster: secret.cluster,
      self: undefined,
      port: 0,
      roles: ['admin'],
      limits: {
        frameBytes: frameBytesMax,
        inFlight: inFlightMax,
        inFlightBytes: inFlightBytesMax,
      },
      time: Date.now(),
      admit: () => undefined,
    },
    openedMs: performance.now(),
    decoders: { admin: decodeControlRequest },
    write: writeControlReply,
  })
}

function busy(id: number): ControlReply {
  return {
    type: 'refused',
    id,
    code: 'BUSY',
    message: `the supervisor has ${inFlightMax} requests of this connection to answer`,
    suggestions: [],
  }
}
