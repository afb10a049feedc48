/** Commands before a supervisor that does not do what they ask: it is played by a socket. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { pathsOf, requireClusterFile, writeClusterFile } from '../../src/cluster/cluster-file.ts'
import { type ControlSecret, listenControl } from '../../src/cluster/control-server.ts'
import { bringDown } from '../../src/cluster/down.ts'
import { makeSecret, readControlSecret } from '../../src/cluster/secret-file.ts'
import { newClusterFile } from '../../src/cluster/settings.ts'
import { clusterStatus } from '../../src/cluster/status.ts'
import { writeSupervisorFile } from '../../src/cluster/supervisor-file.ts'
import { prepared } from '../../src/cluster/up.ts'
import { identityOf } from '../../src/host/process-identity.ts'
import { encodeRefuse } from '../../src/wire/hello.ts'
import { Writer } from '../../src/wire/pack.ts'

type Found = { readonly directory: string; readonly supervisor: ChildProcess }

type Close = () => Promise<unknown>

/** `listen` plays its answers; its process is one that does nothing. */
async function supervised(
  t: Pick<typeof import('tap').t, 'teardown'>,
  listen: (socket: string, secret: ControlSecret) => Promise<Close>,
): Promise<Found> {
  const directory = await mkdtemp(join(tmpdir(), 'kv-odd-'))
  const file = newClusterFile('demo', { nodes: 3 }, 4700, 0)
  const nodes = file.nodes.map(node => ({ ...node, intent: 'stopped' as const }))
  await writeClusterFile(directory, { ...file, nodes })
  await makeSecret(directory)
  const { socket } = pathsOf(directory)
  const close = await listen(socket, await readControlSecret(directory, file))
  const supervisor = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'])
  await once(supervisor, 'spawn')
  t.teardown(async () => {
    supervisor.kill('SIGKILL')
    await close()
    await rm(directory, { recursive: true })
  })
  await writeSupervisorFile(directory, {
    formatVersion: 1,
    supervisor: identityOf(supervisor.pid!)!,
    startedAt: 0,
    socket,
    nodes: [],
  })
  return { directory, supervisor }
}

async function ofAnotherVersion(socket: string): Promise<Close> {
  const server: Server = createServer(connection => {
    connection.on('error', () => undefined)
    connection.once('data', () => connection.end(refusal()))
  })
  await new Promise<void>(resolve => server.listen(socket, resolve))
  return () => new Promise(resolve => server.close(resolve))
}

async function failing(socket: string, secret: ControlSecret): Promise<Close> {
  const server = await listenControl(socket, secret, async ({ id }) => {
    const message = 'process 1 does not die of SIGKILL'
    return { type: 'refused', id, code: 'INTERNAL', message, suggestions: [] }
  })
  return server.close
}

function refusal(): Uint8Array {
  const writer = new Writer()
  const begin = writer.beginFrame()
  writer.raw(encodeRefuse({ code: 'version', text: 'this side speaks version 1 only' }))
  writer.endFrame(begin)
  return writer.take()
}

t.test('of another version: status says so, and down ends it', async t => {
  const { directory, supervisor } = await supervised(t, ofAnotherVersion)
  await t.rejects(clusterStatus(directory, 5000), {
    code: 'PROTOCOL',
    message: 'a supervisor of another version of kv runs this cluster',
    suggestions: ['kv cluster down'],
  })
  const ended = once(supervisor, 'exit')
  await bringDown(directory, 5000)
  t.same(await ended, [null, 'SIGTERM'])
  t.match(await requireClusterFile(directory), { nodes: [{ intent: 'up' }] })
})

t.test('of another version: up ends it, too, before it starts another', async t => {
  const { directory, supervisor } = await supervised(t, ofAnotherVersion)
  const ended = once(supervisor, 'exit')
  const options = { directory, name: 'demo', wanted: {}, timeoutMs: 5000, taken: new Map() }
  const running = await prepared({ ...options, home: directory }, async found => found.running)
  t.equal(running, undefined)
  t.same(await ended, [null, 'SIGTERM'])
})

t.test('one that could not end a node is ended with what is left', async t => {
  const { directory, supervisor } = await supervised(t, failing)
  const ended = once(supervisor, 'exit')
  const { endings } = await bringDown(directory, 5000)
  t.equal(endings.size, 3)
  t.same(await ended, [null, 'SIGTERM'])
})
