/** Membership between real nodes: strangers, doubles, bad gossip, and everybody starting at once. */
import { rmSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { binaryOfHex } from '../../src/core/binary.ts'
import type { ClusterFile } from '../../src/core/config.ts'
import type { ClusterId, NodeId } from '../../src/core/ids.ts'
import type { GossipReply } from '../../src/core/message.ts'
import { encodeHello, preamble } from '../../src/wire/hello.ts'
import { sampleMessages } from '../fixtures/sample-messages.ts'
import { random } from '../helpers/connections.ts'
import { entryOf } from '../helpers/members.ts'
import { freePorts, NodeCluster } from '../helpers/node-processes.ts'
import { RawPeer } from '../helpers/raw-peer.ts'

async function make(t: Test, count: number, directory = t.testdir()): Promise<NodeCluster> {
  const cluster = await NodeCluster.make(directory, count)
  t.teardown(() => cluster.end())
  return cluster
}

async function gossip(cluster: NodeCluster, name: string): Promise<GossipReply> {
  const client = await cluster.client(name)
  const reply = await client.ask({ type: 'gossip' })
  await client.close()
  if (reply.type === 'gossiped') return reply
  throw new Error(`gossip was answered by ${reply.type}`)
}

async function until(is: () => Promise<boolean>): Promise<void> {
  while (!(await is())) await new Promise(resolve => setTimeout(resolve, 50))
}

function statusOf(reply: GossipReply, node: string): string | undefined {
  return reply.beliefs.find(belief => belief.node === node)?.status
}

/** All of these answer, on one epoch, and believe each other alive. */
async function agreed(cluster: NodeCluster, names: readonly string[]): Promise<boolean> {
  const replies = await Promise.all(names.map(name => gossip(cluster, name)))
  const isOne = new Set(replies.map(reply => reply.epoch)).size === 1
  return isOne && replies.every(reply => names.every(name => statusOf(reply, name) === 'alive'))
}

function linesOf(cluster: NodeCluster, name: string, event: string) {
  return cluster.logLines(name).filter(line => line['event'] === event)
}

t.test('all five killed and started at once, in any order: they agree again', async t => {
  const cluster = await make(t, 5)
  const names = cluster.file.nodes.map(node => node.name)
  await cluster.startAll()
  const before = await gossip(cluster, 'n1')
  const orders = [names, names.toReversed(), ['n3', 'n1', 'n5', 'n2', 'n4']]
  for (const order of orders) {
    await Promise.all(names.map(name => cluster.kill(name, 'SIGKILL')))
    await Promise.all(order.map(name => cluster.launch(name).ready))
    await until(() => agreed(cluster, names))
  }
  const after = await gossip(cluster, 'n1')
  t.equal(after.epoch, before.epoch)
  const incarnation = (reply: GossipReply) => reply.beliefs.map(one => one.incarnation)
  for (const [i, one] of incarnation(after).entries()) {
    t.ok(one > (incarnation(before)[i] ?? 0), 'each start is a higher incarnation')
  }
})

t.test('two clusters told each other’s ports do not mix', async t => {
  const directory = t.testdir({ ours: {}, theirs: {} })
  const ours = await make(t, 3, join(directory, 'ours'))
  const theirs = await make(t, 3, join(directory, 'theirs'))
  await theirs.startAll()
  const before = await gossip(theirs, 'n1')
  const port = theirs.port('n2')
  const nodes = ours.file.nodes.map(node => (node.name === 'n2' ? { ...node, port } : node))
  ours.write({ ...ours.file, nodes } satisfies ClusterFile)
  await Promise.all([ours.start('n1'), ours.start('n3')])
  await until(async () => statusOf(await gossip(ours, 'n1'), 'n2') === 'down')
  await until(async () => linesOf(theirs, 'n2', 'refused').length > 0)
  const client = await theirs.client('n2')
  const refusedBefore = await client.counter('refusedHellos')
  await until(async () => (await client.counter('refusedHellos')) > refusedBefore + 5)
  await client.close()
  for (const name of ['n1', 'n3']) {
    t.match(linesOf(ours, name, 'refused'), [{ peer: 'n2', code: 'wrong-cluster' }])
    t.equal(linesOf(ours, name, 'refused').length, 1, 'said once, however often it was tried')
  }
  t.equal(linesOf(theirs, 'n2', 'refused').length, 1)
  t.ok(await agreed(theirs, ['n1', 'n2', 'n3']))
  t.equal((await gossip(theirs, 'n1')).epoch, before.epoch, 'nothing was adopted')
  t.equal(statusOf(await gossip(ours, 'n3'), 'n2'), 'down')
})

t.test('a second live start of one node, from a copied directory, is refused', async t => {
  const directory = t.testdir({ first: {} })
  const cluster = await make(t, 3, join(directory, 'first'))
  await cluster.startAll()
  const double = cluster.copyTo(join(directory, 'copy'))
  t.teardown(() => double.end())
  const refusal = async () => {
    t.equal(await double.launch('n2').node.ended, 10)
    return linesOf(double, 'n2', 'refused').at(-1)?.['text']
  }
  t.match(await refusal(), /is a copy of a directory that process \d+ has open/)
  rmSync(join(double.directory, 'nodes', 'n2', 'lock'))
  t.match(await refusal(), /port \d+ on 127.0.0.1 is in use by another process/)
  const [port] = await freePorts(1)
  const nodes = cluster.file.nodes.map(node => {
    return node.name === 'n2' ? { ...node, port: port! } : node
  })
  double.write({ ...cluster.file, nodes })
  double.launch('n2')
  for (const name of ['n1', 'n3']) {
    await until(async () => linesOf(cluster, name, 'refused').length > 0)
    t.match(linesOf(cluster, name, 'refused'), [{ from: 'nobody yet', code: 'duplicate-start' }])
  }
  t.ok(await agreed(cluster, ['n1', 'n2', 'n3']), 'the first one stays')
  const own = (await gossip(cluster, 'n1')).beliefs.find(belief => belief.node === 'n2')
  t.ok((own?.heardMs ?? 0) < 5000)
})

t.test('bad gossip is refused and logged once, not obeyed, and takes no memory', async t => {
  const cluster = await make(t, 3)
  await cluster.startAll()
  await cluster.kill('n3', 'SIGKILL')
  const before = await gossip(cluster, 'n1')
  const watcher = await cluster.client('n1')
  await until(async () => !(await watcher.status()).connected.includes('n3' as NodeId))
  const peer = await cluster.peer('n1', 'n3')
  const state = sampleMessages['syn-ack'].deltas[0]!
  const { epoch } = before
  const tell = (deltas: readonly (typeof state)[]) =>
    peer.send({ type: 'ack', id: 1, epoch, view: undefined, deltas })
  const fakes = (from: number) => {
    return Array.from({ length: 1000 }, (_, i) => ({ ...state, id: `fake-${from + i}` as NodeId }))
  }
  for (let from = 0; from < 10_000; from += 1000) tell(fakes(from))
  tell([{ ...state, id: 'n2' as NodeId, incarnation: 2 ** 47 }])
  tell([{ ...state, id: 'n2' as NodeId, incarnation: 1, heartbeat: 2 ** 47 }])
  const crowd = Array.from({ length: 1024 }, (_, i) => entryOf(`m${i}`))
  peer.send({ type: 'ack', id: 1, epoch, view: crowd, deltas: [] })
  await until(async () => (await gossip(cluster, 'n1')).refused >= 11_026)
  const rss = await watcher.counter('rssBytes')
  for (let i = 0; i < 200; i++) {
    tell(fakes(i * 1000))
    if (i % 20 === 0) await watcher.status()
  }
  await until(async () => (await gossip(cluster, 'n1')).refused >= 211_026)
  const grown = (await watcher.counter('rssBytes')) - rss
  t.ok(grown < 128 * 2 ** 20, `${grown} bytes more`)

  const closed = new Promise(resolve => peer.socket.once('close', resolve))
  tell(Array.from({ length: 10 }, (_, i) => fakes(i * 1000)).flat())
  await closed
  t.equal(linesOf(cluster, 'n1', 'malformed').length, 1, '10,000 in one frame are none')
  t.equal(linesOf(cluster, 'n1', 'gossip-refused').length, 1, 'said once')
  const after = await gossip(cluster, 'n1')
  t.equal(after.epoch, before.epoch)
  t.same(
    after.beliefs.map(belief => [belief.node, belief.incarnation]),
    before.beliefs.map(belief => [belief.node, belief.incarnation]),
  )
  t.match(await watcher.put('k', 'v'), { type: 'wrote' })
  await watcher.close()
})

t.test('another cluster and a later protocol are refused before any gossip', async t => {
  const cluster = await make(t, 1)
  await cluster.start('n1')
  const { network } = cluster.secret
  const port = cluster.port('n1')
  const stranger = { cluster: random(16) as ClusterId, node: 'n2' }
  for (let i = 0; i < 3; i++) {
    await t.rejects(RawPeer.open(port, network, stranger), /another cluster/)
  }
  const hello = encodeHello({
    versions: [99],
    cluster: binaryOfHex(cluster.file.id) as ClusterId,
    role: 'client',
    self: undefined,
    expected: undefined,
    port,
    methods: ['secret'],
    keyId: network[0]!.id,
    nonce: random(32),
    features: [],
    tokenHash: undefined,
  })
  for (let i = 0; i < 3; i++) t.match(await answerTo(port, hello), /version 2 of the protocol only/)
  t.match(linesOf(cluster, 'n1', 'refused'), [{ code: 'wrong-cluster' }, { code: 'version' }])
  t.equal(linesOf(cluster, 'n1', 'refused').length, 2, 'each said once')
  t.equal((await gossip(cluster, 'n1')).beliefs.length, 1)
})

/** What a node says to a hello before it hangs up. */
function answerTo(port: number, hello: Uint8Array): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port })
    let heard = ''
    socket.on('error', reject)
    socket.on('data', chunk => {
      heard += chunk.toString('latin1')
    })
    socket.on('close', () => resolve(heard))
    const length = Buffer.alloc(4)
    length.writeUInt32BE(hello.length)
    socket.write(Buffer.concat([preamble, length, hello]))
  })
}
