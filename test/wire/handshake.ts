import { createHash, createHmac } from 'node:crypto'
import t from 'tap'
import { binaryOf } from '../../src/core/binary.ts'
import type { ClusterId } from '../../src/core/ids.ts'
import { nodeIdOf } from '../../src/core/ids.ts'
import {
  ClientHandshake,
  type ClientOptions,
  type HandshakeStep,
  ServerHandshake,
  type ServerOptions,
} from '../../src/wire/handshake.ts'
import {
  decodeHelloFrame,
  encodeHello,
  encodeProof,
  encodeRefuse,
  encodeUnprovedWelcome,
  encodeWelcome,
  isSameProof,
  proofOf,
  type RefusalCode,
  roles,
  transcriptOf,
  type Welcome,
} from '../../src/wire/hello.ts'
import { isMalformed } from '../../src/wire/read.ts'
import { newSecret } from '../../src/wire/secret.ts'
import { protocolVersion } from '../../src/wire/version.ts'
import {
  clientOptions,
  cluster,
  identity,
  random,
  secret,
  serverOptions,
} from '../helpers/connections.ts'
import { mutations } from '../helpers/mutations.ts'

type Both = { readonly client: HandshakeStep[]; readonly server: HandshakeStep[] }
const other = newSecret(random)

const give = (to: ServerHandshake | ClientHandshake, bytes: Uint8Array) =>
  to.receive(bytes, 0, bytes.length)

/** Runs a handshake to its end. */
function shake(client: Partial<ClientOptions>, server: Partial<ServerOptions>): Both {
  const both: Both = { client: [], server: [] }
  const left = new ClientHandshake(clientOptions(client))
  const right = new ServerHandshake(serverOptions(server))
  let bytes: Uint8Array | undefined = left.hello
  while (bytes !== undefined) {
    const answer: HandshakeStep = give(right, bytes)
    both.server.push(answer)
    if (answer.send === undefined) return both
    const next: HandshakeStep = give(left, answer.send)
    both.client.push(next)
    bytes = next.send
  }
  return both
}

function codesOf(client: Partial<ClientOptions>, server: Partial<ServerOptions>) {
  const both = shake(client, server)
  t.ok([...both.client, ...both.server].every(step => step.proved === undefined))
  return [both.client.at(-1)?.refused?.code, both.server.at(-1)?.refused?.code]
}

t.test('both sides prove themselves and learn who the other is', async t => {
  for (const role of roles) {
    const self = role === 'peer' ? identity('n2', 4702) : undefined
    const server = identity('n1', 4701)
    const both = shake({ role, self }, { self: server, time: 1234.5 })
    const heard = both.server.at(-1)?.proved
    t.ok(heard?.side === 'server' && heard.hello.role === role)
    if (heard?.side === 'server') t.same(heard.hello.self, self)
    const told = both.client.at(-1)?.proved
    t.ok(told?.side === 'client')
    if (told?.side === 'client') {
      t.same(told.welcome.self, server)
      t.equal(told.welcome.cluster, cluster)
      t.equal(told.welcome.time, 1234)
      t.equal(told.welcome.tokenHash, 'sha256')
      t.same(told.welcome.limits, serverOptions().limits)
    }
  }
})

t.test('a client that knows only an address and the secret learns the cluster', async t => {
  const both = shake({ cluster: undefined, expected: undefined }, {})
  const told = both.client.at(-1)?.proved
  t.ok(told?.side === 'client' && told.welcome.cluster === cluster)
})

t.test('the supervisor names no node', async t => {
  const both = shake({ role: 'admin', expected: undefined, port: 0 }, { self: undefined, port: 0 })
  t.ok(both.client.at(-1)?.proved)
})

t.test('the proofs are those, byte by byte', async t => {
  const client = clientOptions()
  const server = serverOptions()
  const left = new ClientHandshake(client)
  const right = new ServerHandshake(server)
  const welcome = give(right, left.hello).send!
  const proof = give(left, welcome).send!
  const transcript = createHash('sha256')
    .update(left.hello)
    .update(welcome.subarray(0, -34))
    .update(Uint8Array.of(4701 >> 8, 4701 & 255))
    .digest()
  const proofOf = (side: string) =>
    createHmac('sha256', Buffer.from(secret.network[0]!.key, 'latin1'))
      .update(`kvorum/1 ${side}`)
      .update(transcript)
      .digest('binary')
  t.equal(binaryOf(welcome.subarray(-32)), proofOf('server'))
  t.equal(binaryOf(proof.subarray(-32)), proofOf('client'))
  t.same([...give(right, proof).send!], [0x91, 4])
})

t.test('each difference is refused with its code', async t => {
  const cases: readonly [
    Partial<ClientOptions>,
    Partial<ServerOptions>,
    client: RefusalCode,
    server: RefusalCode | undefined,
  ][] = [
    [{ network: other.network }, {}, 'bad-proof', 'bad-proof'],
    [{ cluster: random(16) as ClusterId }, {}, 'wrong-cluster', 'wrong-cluster'],
    [{ expected: nodeIdOf('n2') }, {}, 'wrong-node', 'wrong-node'],
    [{ port: 4702 }, {}, 'wrong-port', 'wrong-port'],
    [{ network: [{ id: 9, key: random(32), use: true }] }, {}, 'unknown-key', 'unknown-key'],
    [{ role: 'client' }, { roles: ['admin'] }, 'role', 'role'],
    [{ role: 'peer' }, {}, 'role', 'role'],
    [{ self: identity('n2', 1) }, {}, 'role', 'role'],
    [
      { role: 'peer', self: identity('n2', 1) },
      { admit: () => ({ code: 'duplicate-start', text: 'n2 runs already' }) },
      'duplicate-start',
      'duplicate-start',
    ],
  ]
  for (const [client, server, left, right] of cases) t.same(codesOf(client, server), [left, right])
})

t.test('versions, methods and token hashes that are not spoken are refused', async t => {
  const sent = decodeHelloFrame(new ClientHandshake(clientOptions()).hello)
  t.ok(!isMalformed(sent) && sent.type === 'hello')
  if (isMalformed(sent) || sent.type !== 'hello') return
  const codeOf = (changes: object) =>
    give(new ServerHandshake(serverOptions()), encodeHello({ ...sent.hello, ...changes })).refused
      ?.code
  t.equal(codeOf({}), undefined)
  t.equal(codeOf({ versions: [3, 2, 1] }), undefined)
  t.equal(codeOf({ features: ['later'], methods: ['key', 'secret'] }), undefined)
  t.equal(codeOf({ versions: [1, 3] }), 'version')
  t.equal(codeOf({ versions: [] }), 'version')
  t.equal(codeOf({ methods: ['key'] }), 'method')
  t.equal(codeOf({ tokenHash: 'md5' }), 'wrong-hash')
})

t.test('a squatter that relays to the real port is not believed', async t => {
  // The client dials n1 at 4702, where a squatter passes every byte on to the real n1 at 4701.
  const client = new ClientHandshake(clientOptions({ port: 4702 }))
  t.equal(give(new ServerHandshake(serverOptions()), client.hello).refused?.code, 'wrong-port')
  // And where it rewrites the port on the way, the transcripts differ.
  const sent = decodeHelloFrame(client.hello)
  if (isMalformed(sent) || sent.type !== 'hello') throw new Error('no hello')
  const rewritten = encodeHello({ ...sent.hello, port: 4701 })
  const welcome = give(new ServerHandshake(serverOptions()), rewritten).send!
  const step = give(client, welcome)
  t.equal(step.refused?.code, 'bad-proof')
  t.equal(step.proved, undefined)
})

t.test("the server's own proof sent back to it is refused", async t => {
  const left = new ClientHandshake(clientOptions())
  const right = new ServerHandshake(serverOptions())
  const welcome = give(right, left.hello).send!
  const reflected = encodeProof(binaryOf(welcome.subarray(-32)))
  t.equal(give(right, reflected).refused?.code, 'bad-proof')
})

t.test('a recorded hello and proof prove nothing on another connection', async t => {
  const left = new ClientHandshake(clientOptions())
  const right = new ServerHandshake(serverOptions())
  const welcome = give(right, left.hello).send!
  const proof = give(left, welcome).send!
  const again = new ServerHandshake(serverOptions())
  t.ok(give(again, left.hello).send)
  t.equal(give(again, proof).refused?.code, 'bad-proof')
  t.equal(give(new ClientHandshake(clientOptions()), welcome).refused?.code, 'bad-proof')
})

t.test("a stranger in a dead node's place gets no proof from the client", async t => {
  const left = new ClientHandshake(clientOptions())
  const stranger = new ServerHandshake(serverOptions({ network: other.network }))
  const step = give(left, give(stranger, left.hello).send!)
  t.equal(step.refused?.code, 'bad-proof')
  t.equal(step.send?.[1], 5, 'a refusal is all that it hears')
})

t.test('no bit of hello, welcome or proof can be changed', async t => {
  let proved = 0
  const options = { nonce: 'n'.repeat(32) }
  for (const step of ['hello', 'welcome', 'proof'] as const) {
    const good = new ClientHandshake(clientOptions(options))
    const frames = { hello: good.hello, welcome: good.hello, proof: good.hello }
    frames.welcome = give(new ServerHandshake(serverOptions(options)), frames.hello).send!
    frames.proof = give(good, frames.welcome).send!
    for (let bit = 0; bit < frames[step].length * 8; bit++) {
      const client = new ClientHandshake(clientOptions(options))
      const server = new ServerHandshake(serverOptions(options))
      const flip = (name: string, bytes: Uint8Array) => {
        const copy = bytes.slice()
        if (name === step) copy[bit >> 3] = copy[bit >> 3]! ^ (1 << (bit & 7))
        return copy
      }
      const welcome = give(server, flip('hello', client.hello))
      if (welcome.refused !== undefined) continue
      const proof = give(client, flip('welcome', welcome.send!))
      if (proof.refused !== undefined) continue
      if (give(server, flip('proof', proof.send!)).proved !== undefined) proved++
    }
  }
  t.equal(proved, 0)
})

t.test('frames out of order, truncated or damaged are refused, and never throw', async t => {
  const hello = new ClientHandshake(clientOptions()).hello
  const server = () => new ServerHandshake(serverOptions())
  t.equal(give(server(), encodeProof(random(32))).refused?.code, 'malformed')
  t.equal(give(server(), Uint8Array.of(0x91, 4)).refused?.code, 'malformed')
  t.equal(give(server(), Uint8Array.of(0x90)).refused?.code, 'malformed')
  const twice = server()
  give(twice, hello)
  t.equal(give(twice, hello).refused?.code, 'malformed')
  const early = new ClientHandshake(clientOptions())
  t.equal(give(early, Uint8Array.of(0x91, 4)).refused?.code, 'malformed')
  for (let to = 0; to < hello.length; to++) {
    t.equal(give(server(), hello.subarray(0, to)).refused?.code, 'malformed')
  }
  let proved = 0
  for (const bytes of mutations([hello], 3000, 5)) {
    if (give(server(), bytes).proved !== undefined) proved++
  }
  t.equal(proved, 0)
})

t.test('a refusal is understood, also one with a code of later versions', async t => {
  const refuse = encodeRefuse({ code: 'busy', text: 'too many connections' })
  const heard = give(new ClientHandshake(clientOptions()), refuse).refused
  t.same(heard, { code: 'busy', text: 'too many connections' })
  const later = Uint8Array.of(0x93, 5, 0xa2, 0x7a, 0x7a, 0xa1, 0x78)
  t.same(give(new ClientHandshake(clientOptions()), later).refused, { code: 'refused', text: 'x' })
})

t.test('a server that holds the secret but is another is not taken for the right one', async t => {
  const welcome = (changes: Partial<Welcome>) => {
    const client = clientOptions()
    const left = new ClientHandshake(client)
    const unproved = encodeUnprovedWelcome({
      version: protocolVersion,
      cluster,
      self: identity('n1', 4701),
      method: 'secret',
      keyId: 1,
      nonce: random(32),
      limits: serverOptions().limits,
      features: [],
      tokenHash: 'sha256',
      time: 0,
      ...changes,
    })
    const transcript = transcriptOf(client.hash, left.hello, unproved, client.port)
    const proof = proofOf(client.hash, secret.network[0]!.key, 'server', transcript)
    return give(left, encodeWelcome(unproved, proof)).refused?.code
  }
  t.equal(welcome({}), undefined)
  t.equal(welcome({ self: identity('n2', 4701) }), 'wrong-node')
  t.equal(welcome({ self: undefined }), 'wrong-node')
  t.equal(welcome({ cluster: random(16) as ClusterId }), 'wrong-cluster')
  t.equal(welcome({ tokenHash: 'md5' }), 'wrong-hash')
  t.equal(welcome({ version: 1 }), 'version')
  t.equal(welcome({ method: 'key' }), 'method')
  t.equal(welcome({ keyId: 2 }), 'method')
})

t.test('rotated keys: a node that knows both accepts either', async t => {
  const [old] = secret.network
  const next = { id: 2, key: random(32), use: true }
  const ring = [{ ...old!, use: false }, next]
  t.ok(shake({}, { network: ring }).client.at(-1)?.proved)
  t.ok(shake({ network: [next] }, { network: ring }).client.at(-1)?.proved)
  t.same(codesOf({ network: [next] }, {}), ['unknown-key', 'unknown-key'])
})

t.test('proofs are compared whole', async t => {
  t.equal(isSameProof('abc', 'abc'), true)
  t.equal(isSameProof('abd', 'abc'), false)
  t.equal(isSameProof('xbc', 'abc'), false)
  t.equal(isSameProof('ab', 'abc'), false)
  t.equal(isSameProof('', 'abc'), false)
})
