import { randomBytes } from 'node:crypto'
import { connect } from 'node:net'
import t, { type Test } from 'tap'
import type { Key } from '../../src/core/ids.ts'
import { scansMax } from '../../src/node/inbox.ts'
import {
  connectionsMax,
  inFlightBytesMax,
  inFlightMax,
  operatorsMax,
  unprovedMax,
} from '../../src/wire/bounds.ts'
import { NodeCluster } from '../helpers/node-processes.ts'
import { newOp, type RawClient } from '../helpers/raw-client.ts'

/** One node that waits for two paused ones: whatever needs a quorum stays in flight. */
async function waitingNode(t: Test): Promise<NodeCluster> {
  const cluster = await NodeCluster.make(t.testdir(), 3)
  t.teardown(() => cluster.end())
  await cluster.startAll()
  cluster.running.get('n2')!.child.kill('SIGSTOP')
  cluster.running.get('n3')!.child.kill('SIGSTOP')
  return cluster
}

function get(client: RawClient, key: string, timeLeft: number) {
  return client.ask(
    {
      type: 'get',
      key: key as Key,
      r: undefined,
      strict: false,
      repair: undefined,
      explain: false,
    },
    timeLeft,
  )
}

/** The most that a counter shows over a fifth of a second. */
async function mostOf(watcher: RawClient, counter: string): Promise<number> {
  let most = 0
  for (let i = 0; i < 10; i++) {
    most = Math.max(most, await watcher.counter(counter))
    await new Promise(resolve => setTimeout(resolve, 20))
  }
  return most
}

t.test('1,024 in flight and no more: the rest waits, and then gets its answers', async t => {
  const cluster = await waitingNode(t)
  const client = await cluster.client('n1')
  const watcher = await cluster.client('n1')
  const replies = Array.from({ length: inFlightMax + 1 }, (_, i) => get(client, `k${i}`, 2500))
  t.equal(await mostOf(watcher, 'inFlight'), inFlightMax + 1, 'and the status that asks')
  const last = await replies.at(-1)!
  // At its deadline, or once the two others are suspect: the same would be true of the first.
  t.match(last, { type: 'failed', failure: { code: /^(TIMEOUT|QUORUM)$/ } })
  t.equal((await Promise.all(replies)).length, inFlightMax + 1)
  t.equal(await watcher.counter('inFlight'), 1, 'empty at rest')
  await client.close()
  await watcher.close()
})

t.test('what was read already and may not even wait is refused as busy, definitely', async t => {
  const cluster = await waitingNode(t)
  const client = await cluster.client('n1')
  const busy = new Promise(resolve => {
    const refused = (reply: { type: string }) => reply.type === 'failed' && resolve(reply)
    client.together = true
    for (let i = 0; i < inFlightMax; i++) get(client, 'k', 5000).catch(() => undefined)
    for (let i = 0; i < 3000; i++) client.ask({ type: 'view' }).then(refused, () => undefined)
    client.together = false
    client.flush()
  })
  t.match(await busy, { failure: { code: 'BUSY', outcome: { definite: true } } })
  await client.close()
  const other = await cluster.client('n1')
  t.equal(await other.counter('inFlight'), 1, 'who hangs up leaves nothing behind')
  await other.close()
})

t.test('32 MiB in flight and no more; a paused member gets 4 MiB, and is hung up on', async t => {
  const cluster = await waitingNode(t)
  const client = await cluster.client('n1')
  const watcher = await cluster.client('n1')
  const value = randomBytes(1024 * 1024)
  const puts = Array.from({ length: 40 }, (_, i) => {
    const key = `k${i}` as Key
    const op = newOp()
    return client
      .ask(
        {
          type: 'put',
          key,
          value,
          context: undefined,
          op,
          again: false,
          generation: 0,
          w: undefined,
          strict: false,
          explain: false,
        },
        2500,
      )
      .catch(() => undefined)
  })
  const most = await mostOf(watcher, 'inFlight')
  t.ok(most <= inFlightBytesMax / value.length + 1, `${most} puts of 1 MiB at once`)
  await Promise.all(puts)
  t.ok((await watcher.counter('droppedSends')) >= 40, 'most copies were dropped at the bound')
  let connected = (await watcher.status()).connected
  for (let i = 0; i < 400 && connected.length > 0; i++) {
    await new Promise(resolve => setTimeout(resolve, 20))
    connected = (await watcher.status()).connected
  }
  t.same(connected, [])
  await client.close()
  await watcher.close()
})

t.test('16 scans on a connection and no more', async t => {
  const cluster = await waitingNode(t)
  const client = await cluster.client('n1')
  const scan = () =>
    client.ask({ type: 'scan', prefix: '', after: '', limit: 10, partial: false }, 1000)
  const replies = Array.from({ length: scansMax + 1 }, () => scan())
  t.match(await replies.at(-1), { type: 'failed', failure: { code: 'BUSY' } })
  const first = await replies[0]
  t.notMatch(first, { failure: { code: 'BUSY' } })
  await Promise.all(replies)
  await client.close()
})

t.test('1,024 clients, 16 operators on top, and every member', async t => {
  const cluster = await NodeCluster.make(t.testdir(), 2)
  t.teardown(() => cluster.end())
  await cluster.start('n1')
  const clients: RawClient[] = []
  while (clients.length < connectionsMax) {
    const batch = Array.from({ length: 32 }, () => cluster.client('n1'))
    clients.push(...(await Promise.all(batch)))
  }
  const strangers = Array.from({ length: 2 * unprovedMax }, () => {
    const socket = connect({ host: '127.0.0.1', port: cluster.port('n1') })
    return socket.on('error', () => undefined)
  })
  await t.rejects(cluster.client('n1'), /busy: this node has 1024 connections/)
  const operators: RawClient[] = []
  for (let i = 0; i < operatorsMax; i++) {
    operators.push(await cluster.clientAs('n1', { operator: true }))
  }
  t.equal((await operators[0]?.status())?.node, 'n1')
  await t.rejects(cluster.clientAs('n1', { operator: true }), /busy: this node has 1024/)
  const member = await cluster.peer('n1', 'n2')
  await t.rejects(
    cluster.peer('n1', 'n9'),
    /1024 connections/,
    'a node that is no member is nobody special',
  )

  await clients.pop()?.close()
  await new Promise(resolve => setTimeout(resolve, 50))
  const late = await cluster.client('n1')
  t.match(await late.ask({ type: 'view' }), { type: 'viewed' })
  await member.close()
  for (const { socket } of [...clients, ...operators, late]) socket.destroy()
  for (const socket of strangers) socket.destroy()
})
