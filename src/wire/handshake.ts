/**
 * The handshake of both sides as machines without time or sockets: a frame goes in, a frame
 * and perhaps a verdict come out. The server proves itself first, so that a stranger who took
 * a dead node's port learns nothing and is not believed.
 */
import { type Hash, tokenHashName } from '../core/hash.ts'
import type { ClusterId, NodeId, WallTime } from '../core/ids.ts'
import {
  decodeHelloFrame,
  encodeHello,
  encodeProof,
  encodeReady,
  encodeRefuse,
  encodeUnprovedWelcome,
  encodeWelcome,
  type Hello,
  type HelloFrame,
  type Identity,
  isSameProof,
  type Limits,
  proofOf,
  type Refusal,
  type RefusalCode,
  type Role,
  transcriptOf,
  unprovedPart,
  type Welcome,
} from './hello.ts'
import { isMalformed } from './read.ts'
import { keyInUse, type SecretKey } from './secret.ts'
import { protocolVersion } from './version.ts'

type Common = {
  readonly hash: Hash
  /** The ring of network keys; never empty. */
  readonly network: readonly SecretKey[]
  /** 32 random bytes, a binary string; new for each connection. */
  readonly nonce: string
}

export type ServerOptions = Common & {
  readonly cluster: ClusterId
  /** undefined: the supervisor. */
  readonly self: Identity | undefined
  /** The port this server listens on; 0 for a local socket. */
  readonly port: number
  /** The roles that it serves. */
  readonly roles: readonly Role[]
  readonly limits: Limits
  readonly time: WallTime
  /** The last word over a proved hello: a duplicate start, too many connections. */
  readonly admit: (hello: Hello) => Refusal | undefined
}

export type ClientOptions = Common & {
  readonly role: Role
  /** undefined where only addresses are known; then the welcome tells. */
  readonly cluster: ClusterId | undefined
  /** What this node is; undefined unless the role is peer. */
  readonly self: Identity | undefined
  readonly expected: NodeId | undefined
  /** The port that is dialled; 0 for a local socket. */
  readonly port: number
  /** Words that the server may know. */
  readonly features?: readonly string[]
}

/** Who is on the other side. */
export type Proved =
  | { readonly side: 'server'; readonly hello: Hello }
  | { readonly side: 'client'; readonly welcome: Welcome }

/** What one frame led to. `send` is to go out first; after `refused` nothing may follow. */
export type HandshakeStep = {
  readonly send?: Uint8Array
  readonly proved?: Proved
  readonly refused?: Refusal
}

const method = 'secret'

export class ServerHandshake {
  readonly #options: ServerOptions
  #hello: Hello | undefined
  /** The proof that the client owes. */
  #wanted = ''

  constructor(options: ServerOptions) {
    this.#options = options
  }

  receive(bytes: Uint8Array, from: number, to: number): HandshakeStep {
    const frame = decodeHelloFrame(bytes, from, to)
    if (isMalformed(frame)) return refuse('malformed', frame.malformed)
    if (frame.type === 'refuse') return { refused: frame.refusal }
    if (this.#hello === undefined) {
      if (frame.type !== 'hello') return refuse('malformed', 'a hello is wanted')
      return this.#welcome(frame.hello, bytes.subarray(from, to))
    }
    if (frame.type !== 'proof') return refuse('malformed', 'a proof is wanted')
    return this.#ready(this.#hello, frame.proof)
  }

  #welcome(hello: Hello, bytes: Uint8Array): HandshakeStep {
    const { hash, network, nonce, cluster, self, port, limits, time } = this.#options
    const key = network.find(one => one.id === hello.keyId)
    const refused = this.#objection(hello)
    if (refused !== undefined) return refused
    if (key === undefined) return refuse('unknown-key', 'this cluster does not know that key')
    const unproved = encodeUnprovedWelcome({
      version: protocolVersion,
      cluster,
      self,
      method,
      keyId: key.id,
      nonce,
      limits,
      features: [],
      tokenHash: tokenHashName,
      time,
    })
    const transcript = transcriptOf(hash, bytes, unproved, port)
    this.#hello = hello
    this.#wanted = proofOf(hash, key.key, 'client', transcript)
    return { send: encodeWelcome(unproved, proofOf(hash, key.key, 'server', transcript)) }
  }

  /** What speaks against a hello before any proof. */
  #objection(hello: Hello): HandshakeStep | undefined {
    const { cluster, self, port, roles } = this.#options
    if (!hello.versions.includes(protocolVersion)) {
      return refuse('version', `this side speaks version ${protocolVersion} of the protocol only`)
    }
    if (hello.cluster !== undefined && hello.cluster !== cluster) {
      return refuse('wrong-cluster', 'this is a node of another cluster')
    }
    if (hello.tokenHash !== undefined && hello.tokenHash !== tokenHashName) {
      return refuse('wrong-hash', `this cluster hashes its keys with ${tokenHashName}`)
    }
    if (!hello.methods.includes(method)) {
      return refuse('method', `this cluster wants the proof by ${method}`)
    }
    if (hello.expected !== undefined && hello.expected !== self?.node) {
      return refuse('wrong-node', 'another node was expected on this port')
    }
    if (hello.port !== port) return refuse('wrong-port', 'another port was dialled')
    if (!roles.includes(hello.role) || (hello.role === 'peer') !== (hello.self !== undefined)) {
      return refuse('role', 'that role is not served here')
    }
    return undefined
  }

  #ready(hello: Hello, proof: string): HandshakeStep {
    if (!isSameProof(proof, this.#wanted)) {
      return refuse('bad-proof', "the proof is wrong: the secret is not this cluster's")
    }
    const refusal = this.#options.admit(hello)
    if (refusal !== undefined) return refuse(refusal.code, refusal.text)
    return { send: encodeReady(), proved: { side: 'server', hello } }
  }
}

export class ClientHandshake {
  readonly #options: ClientOptions
  readonly #hello: Uint8Array
  #welcome: Welcome | undefined

  constructor(options: ClientOptions) {
    this.#options = options
    const { cluster, role, self, expected, port, nonce, features = [] } = options
    this.#hello = encodeHello({
      versions: [protocolVersion],
      cluster,
      role,
      self,
      expected,
      port,
      methods: [method],
      keyId: keyInUse(options.network)?.id ?? 0,
      nonce,
      features,
      tokenHash: cluster === undefined ? undefined : tokenHashName,
    })
  }

  /** The first frame, behind the preamble. */
  get hello(): Uint8Array {
    return this.#hello
  }

  receive(bytes: Uint8Array, from: number, to: number): HandshakeStep {
    const frame = decodeHelloFrame(bytes, from, to)
    if (isMalformed(frame)) return refuse('malformed', frame.malformed)
    if (frame.type === 'refuse') return { refused: frame.refusal }
    if (this.#welcome === undefined) {
      if (frame.type !== 'welcome') return refuse('malformed', 'a welcome is wanted')
      return this.#prove(frame, bytes.subarray(from, to))
    }
    if (frame.type !== 'ready') return refuse('malformed', 'a ready is wanted')
    return { proved: { side: 'client', welcome: this.#welcome } }
  }

  /** Believes the server, or hangs up without a word of its own proof. */
  #prove(frame: HelloFrame & { type: 'welcome' }, bytes: Uint8Array): HandshakeStep {
    const { hash, network, port, cluster, expected } = this.#options
    const { welcome, proof } = frame
    const key = keyInUse(network)
    if (key === undefined) return refuse('unknown-key', 'the secret has no key in use')
    const transcript = transcriptOf(hash, this.#hello, unprovedPart(bytes), port)
    if (!isSameProof(proof, proofOf(hash, key.key, 'server', transcript))) {
      return refuse('bad-proof', "the server does not hold this cluster's secret")
    }
    if (welcome.version !== protocolVersion) return refuse('version', 'the server chose no version')
    if (welcome.method !== method || welcome.keyId !== key.id) {
      return refuse('method', 'the server chose a proof that was not offered')
    }
    if (cluster !== undefined && welcome.cluster !== cluster) {
      return refuse('wrong-cluster', 'the server is a node of another cluster')
    }
    if (welcome.tokenHash !== tokenHashName) {
      return refuse('wrong-hash', 'the server hashes its keys in a way not known here')
    }
    if (expected !== undefined && welcome.self?.node !== expected) {
      return refuse('wrong-node', 'another node answers on this port')
    }
    this.#welcome = welcome
    return { send: encodeProof(proofOf(hash, key.key, 'client', transcript)) }
  }
}

function refuse(code: RefusalCode, text: string): HandshakeStep {
  const refusal = { code, text }
  return { send: encodeRefuse(refusal), refused: refusal }
}
