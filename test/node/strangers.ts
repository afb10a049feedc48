import { randomBytes } from 'node:crypto'
import { connect } from 'node:net'
import t, { type Test } from 'tap'
import { binaryOfHex } from '../../src/core/binary.ts'
import type { ClusterId, Epoch, Key, NodeId, StartId, StoreId, Token } from '../../src/core/ids.ts'
import { unprovedMax } from '../../src/wire/bounds.ts'
import { preamble } from '../../src/wire/hello.ts'
import { encode } from '../../src/wire/message-codec.ts'
import { newSecret } from '../../src/wire/secret.ts'
import { sampleMessages } from '../fixtures/sample-messages.ts'
import { NodeCluster } from '../helpers/node-processes.ts'
import { RawClient } from '../helpers/raw-client.ts'
import { isFlat, soakFrames } from '../soak/frames.ts'

/** Sends bytes and resolves with all that came back, once the other side has closed. */
function say(port: number, ...chunks: readonly (Uint8Array | string)[]): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const heard: Buffer[] = []
    const socket = connect({ host: '127.0.0.1', port })
    socket.on('error', problem => {
      if ((problem as NodeJS.ErrnoException).code !== 'ECONNRESET') reject(problem)
    })
    socket.on('data', chunk => heard.push(chunk))
    socket.on('close', () => resolve(Buffer.concat(heard)))
    for (const chunk of chunks) socket.write(chunk)
  })
}

/** One node that takes anything alone, for everything that a stranger may try. */
async function oneNode(t: Test): Promise<NodeCluster> {
  const cluster = await NodeCluster.make(t.testdir(), 1)
  t.teardown(() => cluster.end())
  await cluster.start('n1')
  return cluster
}

async function answers(t: Test, cluster: NodeCluster): Promise<void> {
  const client = await cluster.client('n1')
  t.match(await client.put('alive', 'yes'), { type: 'wrote' })
  t.same(await client.values('alive'), ['yes'])
  await client.close()
}

t.test('who does not speak our language hears nothing', async t => {
  const cluster = await oneNode(t)
  const port = cluster.port('n1')
  const strangers: Record<string, Uint8Array | string> = {
    HTTP: 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n',
    'HTTP with our bytes in its body': Buffer.concat([
      Buffer.from('POST / HTTP/1.1\r\nContent-Length: 8\r\n\r\n'),
      preamble,
    ]),
    RESP: '*1\r\n$4\r\nPING\r\n',
    TLS: Buffer.from('1603010200010001fc0303', 'hex'),
    'a preamble with its last byte wrong': Buffer.concat([preamble.subarray(0, 7), Buffer.of(0)]),
  }
  for (const [name, bytes] of Object.entries(strangers)) {
    t.equal((await say(port, bytes)).length, 0, name)
  }
  for (let i = 0; i < 50; i++) {
    const bytes = randomBytes(1 + (i % 64) * 32)
    if (bytes[0] === preamble[0]) bytes[0] = 0
    t.equal((await say(port, bytes)).length, 0, 'random bytes')
  }
  await answers(t, cluster)
})

t.test('a client with another secret is refused, and is shown no reply', async t => {
  const cluster = await oneNode(t)
  const other = newSecret(count => randomBytes(count).toString('latin1'))
  await t.rejects(RawClient.open(cluster.port('n1'), other.network), /bad-proof/)
  const renamed = other.network.map(key => ({ ...key, id: 99 }))
  await t.rejects(RawClient.open(cluster.port('n1'), renamed), /unknown-key/)
  await answers(t, cluster)
  t.match(
    cluster.logLines('n1').filter(line => line['event'] === 'refused'),
    [{ code: 'bad-proof' }, { code: 'unknown-key' }],
  )
})

t.test('a second start of a node is refused; a node that is no member owns nothing', async t => {
  const cluster = await oneNode(t)
  const self = {
    node: 'n1' as NodeId,
    store: randomBytes(8).toString('latin1') as StoreId,
    start: randomBytes(8).toString('latin1') as StartId,
    durableAtStart: 0,
    durable: 0,
    port: 1,
  }
  const id = binaryOfHex(cluster.file.id) as ClusterId
  const port = cluster.port('n1')
  const open = (as: typeof self) => RawClient.open(port, cluster.secret.network, as, id)
  await t.rejects(open(self), /duplicate-start/, 'the node itself')
  const stranger = await cluster.peer('n1', 'n9')
  stranger.send({
    type: 'syn',
    id: 1,
    epoch: 'theirs..' as Epoch,
    view: undefined,
    digest: { entries: [], complete: true },
  })
  const [told] = await stranger.heard(1)
  t.match(told, { type: 'syn-ack', view: [{ id: 'n1' }], deltas: [{ id: 'n1' }] })
  t.notMatch(told, { view: [{ id: 'n9' }] })
  const copy = sampleMessages.store
  stranger.send({ ...copy, id: 2 })
  const [refused] = await stranger.heard(1)
  t.match(refused, { type: 'stored', id: 2, refused: { code: 'STALE_VIEW' } })
  await stranger.close()
  await answers(t, cluster)
})

t.test('two starts of one member: the second is refused while the first lives', async t => {
  const cluster = await NodeCluster.make(t.testdir(), 2)
  t.teardown(() => cluster.end())
  await cluster.start('n1')
  const id = binaryOfHex(cluster.file.id) as ClusterId
  const first = {
    node: 'n2' as NodeId,
    store: '12345678' as StoreId,
    start: 'start--1' as StartId,
    durableAtStart: 0,
    durable: 0,
    port: 1,
  }
  const open = (as: typeof first) =>
    RawClient.open(cluster.port('n1'), cluster.secret.network, as, id)
  const one = await open(first)
  await t.rejects(open({ ...first, start: 'start--2' as StartId }), /duplicate-start/)
  const again = await open(first)
  t.notOk(again.closed, 'the same start may dial again')
  await new Promise(resolve => (one.closed ? resolve(0) : one.socket.once('close', resolve)))
  await again.close()
  await new Promise(resolve => setTimeout(resolve, 50))
  const second = await open({ ...first, start: 'start--2' as StartId })
  t.notOk(second.closed, 'the next start comes in once the first is gone')
  await second.close()
})

t.test('a malformed frame closes its connection with a reason, and no other', async t => {
  const cluster = await oneNode(t)
  const good = await cluster.client('n1')
  const bad = await cluster.client('n1')
  const closed = new Promise(resolve => bad.socket.once('close', resolve))
  bad.socket.write(Uint8Array.of(0, 0, 0, 2, 0xc1, 0xc1))
  await closed
  t.match(bad.refusal, { code: 'malformed' })
  t.match(await good.put('k', 'v'), { type: 'wrote' })

  const peerish = await cluster.client('n1')
  const hungUp = new Promise(resolve => peerish.socket.once('close', resolve))
  const frame = encode({
    type: 'store',
    id: 1,
    epoch: good.epoch,
    timeLeft: 1000,
    key: 'k' as Key,
    token: '12345678' as Token,
    object: new Uint8Array(3),
    generation: 0,
    time: 0,
    owner: undefined,
  })
  peerish.socket.write(framed(frame))
  await hungUp
  t.match(peerish.refusal, { code: 'malformed' }, 'a client cannot speak as a node')
  t.same(await good.values('k'), ['v'])
  t.equal(await good.counter('malformed'), 2)
  await good.close()
})

t.test('before the proof: 2 s, 1 KiB, 64 connections', async t => {
  const cluster = await oneNode(t)
  const port = cluster.port('n1')
  const silent = say(port)
  const tooMuch = await say(port, preamble, Uint8Array.of(0, 0, 4, 0), new Uint8Array(1024))
  t.ok(tooMuch.length > 0, 'who knows the preamble is told why')
  t.equal((await silent).length, 0, 'who says nothing is hung up on')

  const first = say(port)
  const others = Array.from({ length: unprovedMax }, () => {
    const socket = connect({ host: '127.0.0.1', port })
    socket.on('error', () => undefined)
    return socket
  })
  await first
  t.ok(others.filter(socket => !socket.closed).length >= unprovedMax - 1, 'only the oldest went')
  await answers(t, cluster)
  for (const socket of others) socket.destroy()
})

t.test('20,000 mutated frames leave the node alive, and its memory where it was', async t => {
  const progress = (line: string) => t.comment(line)
  const directory = t.testdir()
  const report = await soakFrames({ frames: 20_000, connections: 8, directory, progress })
  t.ok(report.sent >= 20_000)
  t.ok(isFlat(report.rssMiB), `resident MiB: ${report.rssMiB}`)
  t.notOk(isFlat([60, 60, 60, 60, 90, 130]), 'which could be told')
  t.equal(report.prototypesUntouched, true)
  const { puts, reads, malformed, refusedHellos } = report.counters
  for (const count of [puts, reads, malformed, refusedHellos]) t.ok(count! > 0)
})

function framed(bytes: Uint8Array): Uint8Array {
  const frame = Buffer.alloc(4 + bytes.length)
  frame.writeUInt32BE(bytes.length)
  frame.set(bytes, 4)
  return frame
}
