/** Clients that do not read, or do not end what they send, leave room for others and for members. */
import t, { type Test } from 'tap'
import type { Key } from '../../src/core/ids.ts'
import { framesBytesMax } from '../../src/node/client-room.ts'
import { NodeCluster } from '../helpers/node-processes.ts'
import type { RawClient } from '../helpers/raw-client.ts'

const MiB = 1024 * 1024
/** As `core/holdings.ts` has it. */
const roomBytes = 128 * MiB

const patienceMs = 20_000
const getBig = {
  type: 'get',
  key: 'big' as Key,
  r: undefined,
  strict: false,
  repair: undefined,
  explain: false,
} as const

async function clusterWithBig(t: Test, nodes: number) {
  const cluster = await NodeCluster.make(t.testdir(), nodes)
  t.teardown(() => cluster.end())
  await cluster.startAll()
  const other = await cluster.client('n1')
  t.teardown(() => other.close())
  t.match(await other.put('big', 'x'.repeat(MiB)), { type: 'wrote' })
  return { cluster, other }
}

/** Asks for the large value so many times, and reads nothing of what comes. */
function askAndNotRead(client: RawClient, gets: number): void {
  client.socket.pause().on('error', () => undefined)
  client.together = true
  for (let i = 0; i < gets; i++) client.ask(getBig, patienceMs).catch(() => undefined)
  client.flush()
}

/** The most that a node held for clients over a while, while another client's gets go on. */
async function goesOn(t: Test, other: RawClient, gets: number): Promise<number> {
  let most = 0
  for (let i = 0; i < gets; i++) {
    const reply = await other.ask(getBig, patienceMs)
    // A slow machine may have no quorum; what it must not say is that there is no room.
    if (reply.type === 'failed') t.not(reply.failure.code, 'BUSY', reply.failure.message)
    most = Math.max(most, await other.counter('heldBytes'))
  }
  return most
}

async function untilHeldIs(other: RawClient, bytes: number): Promise<number> {
  let held = await other.counter('heldBytes')
  for (let i = 0; i < 500 && held > bytes; i++) {
    await new Promise(resolve => setTimeout(resolve, 20))
    held = await other.counter('heldBytes')
  }
  return held
}

t.test('five clients that ask for 40 MiB each and do not read', async t => {
  const { cluster, other } = await clusterWithBig(t, 1)
  const greedy = await Promise.all(Array.from({ length: 5 }, () => cluster.client('n1')))
  for (const client of greedy) askAndNotRead(client, 40)
  const most = await goesOn(t, other, 15)
  t.ok(most > roomBytes / 4 && most <= roomBytes, `${most} bytes at most`)
  t.equal(await other.counter('closedForRoom'), 0, 'a part stays free: nobody is pressed')
  for (const { socket } of greedy) socket.destroy()
  t.ok((await untilHeldIs(other, 4096)) <= 4096, 'all is given back')
})

t.test('members are refused nothing meanwhile, and are read', async t => {
  const { cluster, other } = await clusterWithBig(t, 3)
  const second = await cluster.client('n2')
  const greedy = await Promise.all(Array.from({ length: 5 }, () => cluster.client('n1')))
  for (const client of greedy) askAndNotRead(client, 40)
  for (let i = 0; i < 20; i++) {
    const reply = await second.put(`key ${i}`, 'value')
    if (reply.type === 'failed') t.notMatch(reply.failure.message, /the node is busy/)
  }
  t.equal(await other.counter('membersRefused'), 0)
  t.ok((await other.counter('heldBytes')) <= roomBytes)
  for (const { socket } of greedy) socket.destroy()
  await second.close()
})

t.test('one client over many connections has one part', async t => {
  const { cluster, other } = await clusterWithBig(t, 1)
  const open = () => cluster.clientAs('n1', { client: 'one' })
  const greedy = await Promise.all(Array.from({ length: 8 }, open))
  for (const client of greedy) askAndNotRead(client, 30)
  const most = await goesOn(t, other, 20)
  t.ok(most > roomBytes / 4 && most <= roomBytes / 2 + 2 * MiB, `${most} bytes at most`)
  t.equal(await other.counter('closedForRoom'), 0, 'half of the room is free: nobody is pressed')
  for (const { socket } of greedy) socket.destroy()
  t.ok((await untilHeldIs(other, 4096)) <= 4096)
})

t.test('half frames count, and the largest for the longest is closed first', async t => {
  const { cluster, other } = await clusterWithBig(t, 1)
  const half = Buffer.alloc(4 + 2 * MiB)
  half.writeUInt32BE(16 * MiB)
  const halves: RawClient[] = []
  while (halves.length < 40) {
    const client = await cluster.client('n1')
    halves.push(client)
    client.socket.on('error', () => undefined)
    client.socket.write(half)
  }
  const most = await goesOn(t, other, 20)
  t.ok(most > MiB && most <= framesBytesMax + 4 * MiB, `${most} bytes at most`)
  t.match(await other.put('large', 'y'.repeat(MiB)), { type: 'wrote' }, 'a whole one goes through')
  const gone = halves.filter(({ closed }) => closed)
  t.ok(gone.length >= 40 - framesBytesMax / (2 * MiB), `${gone.length} of 40 were closed`)
  for (const { refusal } of gone) t.match(refusal, { code: 'busy', text: /no room: frames/ })
  for (const { socket } of halves) socket.destroy()
})

t.test('a get is begun only where there is room for what it reads', async t => {
  const { cluster, other } = await clusterWithBig(t, 1)
  const [hoarder, ...others] = await Promise.all(
    Array.from({ length: 7 }, () => cluster.client('n1')),
  )
  for (const client of others) askAndNotRead(client, 40)
  t.match(await hoarder!.ask(getBig, patienceMs), { type: 'got' })
  const reads = await other.counter('gets')
  hoarder!.together = true
  const gets = Array.from({ length: 300 }, () => hoarder!.ask(getBig, 3000))
  hoarder!.flush()
  const ended = await Promise.all(gets)
  const values = ended.filter(({ type }) => type === 'got').length
  t.ok(
    ended.every(
      reply => reply.type === 'got' || (reply.type === 'failed' && reply.failure.code === 'BUSY'),
    ),
  )
  const begun = (await other.counter('gets')) - reads
  t.ok(begun <= values + 30, `${begun} gets were begun for ${values} values`)
  for (const { socket } of [hoarder!, ...others]) socket.destroy()
})

t.test('who reads all that it asks for gets all of it', async t => {
  const { cluster, other } = await clusterWithBig(t, 1)
  const readers = await Promise.all(
    Array.from({ length: 4 }, () => cluster.clientAs('n1', { client: 'reader' })),
  )
  const ended = await Promise.all(
    readers.flatMap(client => Array.from({ length: 50 }, () => client.ask(getBig, patienceMs))),
  )
  const how = new Set(
    ended.map(reply => (reply.type === 'failed' ? reply.failure.code : reply.type)),
  )
  t.ok(how.has('got'))
  how.delete('got')
  how.delete('BUSY')
  t.same([...how], [], 'each is a value or BUSY')
  t.equal(await other.counter('closedForRoom'), 0)
  for (const client of readers) await client.close()
})
