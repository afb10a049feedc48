/** When the first dials to the other members have ended: a node is not ready before. */
import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import t, { type Test } from 'tap'
import type { Instant, NodeId } from '../../src/core/ids.ts'
import type { PeerAddress } from '../../src/core/step.ts'
import type { Channels } from '../../src/node/channels.ts'
import { monotonicClock } from '../../src/node/clock.ts'
import type { Flushable } from '../../src/node/connection.ts'
import { noCounters } from '../../src/node/counters.ts'
import { Faults } from '../../src/node/faults.ts'
import { Log } from '../../src/node/log.ts'
import { Peers } from '../../src/node/peers.ts'
import { clientChannel, identity, serverChannel } from '../helpers/connections.ts'
import { freePorts, NodeCluster } from '../helpers/node-processes.ts'

function member(id: string, port: number): PeerAddress {
  return { id: id as NodeId, host: '127.0.0.1', port }
}

function peersOf(t: Test, members: readonly PeerAddress[]): Peers {
  const now = () => performance.now() as Instant
  const channelTo = ({ id, port }: PeerAddress) =>
    clientChannel({ role: 'peer', self: identity('n1', 1), expected: id, port }) as ReturnType<
      Channels['outgoing']
    >
  const touch = (connection: Flushable) => setImmediate(() => connection.flush())
  const log = new Log({ type: 'file', path: `${t.testdir()}/log` }, 'n1')
  const counters = noCounters()
  const clock = monotonicClock()
  const faults = new Faults({ node: 'n1' as NodeId, allowed: false, clock, log })
  const peers = new Peers({ input: () => undefined, touch, now, channelTo, log, counters, faults })
  peers.keep(members)
  t.teardown(() => peers.stop())
  return peers
}

async function listening(t: Test, onSocket: (socket: Socket) => void): Promise<number> {
  const server: Server = createServer(onSocket).listen(0, '127.0.0.1')
  t.teardown(() => server.close())
  await once(server, 'listening')
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}

t.test('they end when every member has proved itself or failed, and not before', async t => {
  const [refused] = await freePorts(1)
  const waiting: (() => void)[] = []
  const heard = new Promise<void>(resolve => waiting.push(resolve))
  const port: number = await listening(t, socket => {
    const channel = serverChannel({ self: identity('n3', port), port })
    socket.on('error', () => undefined)
    socket.once('data', first => {
      const receive = (chunk: Uint8Array) => {
        channel.push(chunk)
        socket.write(channel.takeOutput() ?? '')
      }
      waiting.push(() => {
        receive(first)
        socket.on('data', receive)
      })
      waiting[0]?.()
    })
  })
  const peers = peersOf(t, [member('n2', refused!), member('n3', port)])
  let ended = false
  const dials = peers.firstDials().then(() => {
    ended = true
  })
  peers.tick(performance.now() as Instant)
  await heard
  t.equal(ended, false, 'n3 has the hello and has not said a word')
  waiting[1]?.()
  await dials
  t.same(peers.connected(), ['n3'])
})

t.test('a member that hangs up has failed; with no other member nothing is waited for', async t => {
  const port = await listening(t, socket => socket.destroy())
  const peers = peersOf(t, [member('n2', port)])
  peers.tick(performance.now() as Instant)
  await peers.firstDials()
  t.same(peers.connected(), [])
  await peersOf(t, []).firstDials()
})

/** Starts n1 beside a silent n2; undefined where this machine took too long to tell. */
async function readyWhileSilent(cluster: NodeCluster): Promise<boolean | undefined> {
  let said: (socket: Socket) => void = () => undefined
  const hello = new Promise<Socket>(resolve => {
    said = resolve
  })
  const server = createServer(socket => {
    socket.on('error', () => undefined)
    socket.once('data', () => said(socket))
  })
  server.listen(cluster.port('n2'), '127.0.0.1')
  await once(server, 'listening')
  let isReady = false
  const { ready } = cluster.launch('n1')
  const told = ready.then(() => {
    isReady = true
  })
  const socket = await hello
  const begun = performance.now()
  // What the node had said before it would be here after this.
  for (let i = 0; i < 3; i++) await (await cluster.client('n1')).close()
  const early = isReady
  const inTime = performance.now() - begun < 500
  server.close()
  socket.destroy()
  await told
  await cluster.kill('n1', 'SIGKILL')
  return inTime ? early : undefined
}

t.test('a real node is not ready while another one has yet to answer its first dial', async t => {
  const cluster = await NodeCluster.make(t.testdir(), 2)
  t.teardown(() => cluster.end())
  let early: boolean | undefined
  for (let i = 0; i < 10 && early === undefined; i++) early = await readyWhileSilent(cluster)
  t.equal(early, false)
})

t.test('but one that says nothing holds it up for no more than a second or so', async t => {
  const cluster = await NodeCluster.make(t.testdir(), 3)
  t.teardown(() => cluster.end())
  await cluster.startAll()
  await cluster.kill('n3', 'SIGKILL')
  cluster.running.get('n2')!.child.kill('SIGSTOP')
  await cluster.start('n3')
  const client = await cluster.client('n3')
  t.same((await client.status()).connected, ['n1'])
  t.match(await client.put('k', 'v'), { type: 'wrote' })
  await client.close()
})
