/** A cluster whose supervisor speaks another version of the protocol: played by a socket. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { pathsOf, requireClusterFile, writeClusterFile } from '../../src/cluster/cluster-file.ts'
import { bringDown } from '../../src/cluster/down.ts'
import { identityOf } from '../../src/cluster/process-identity.ts'
import { makeSecret } from '../../src/cluster/secret-file.ts'
import { newClusterFile } from '../../src/cluster/settings.ts'
import { clusterStatus } from '../../src/cluster/status.ts'
import { writeSupervisorFile } from '../../src/cluster/supervisor-file.ts'
import { prepared } from '../../src/cluster/up.ts'
import { encodeRefuse } from '../../src/wire/hello.ts'
import { Writer } from '../../src/wire/pack.ts'

type Found = { readonly directory: string; readonly supervisor: ChildProcess }

async function newlyUpgraded(t: Pick<typeof import('tap').t, 'teardown'>): Promise<Found> {
  const directory = await mkdtemp(join(tmpdir(), 'kv-version-'))
  const file = newClusterFile('demo', { nodes: 3 }, 4700, 0)
  const nodes = file.nodes.map(node => ({ ...node, intent: 'stopped' as const }))
  await writeClusterFile(directory, { ...file, nodes })
  await makeSecret(directory)
  const { socket } = pathsOf(directory)
  const server = createServer(connection => {
    connection.on('error', () => undefined)
    connection.once('data', () => connection.end(refusal()))
  })
  await new Promise<void>(resolve => server.listen(socket, resolve))
  const supervisor = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'])
  await once(supervisor, 'spawn')
  t.teardown(async () => {
    supervisor.kill('SIGKILL')
    await new Promise(resolve => server.close(resolve))
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

function refusal(): Uint8Array {
  const writer = new Writer()
  const begin = writer.beginFrame()
  writer.raw(encodeRefuse({ code: 'version', text: 'this side speaks version 1 only' }))
  writer.endFrame(begin)
  return writer.take()
}

t.test('status says so, and down ends it', async t => {
  const { directory, supervisor } = await newlyUpgraded(t)
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

t.test('up ends it, too, before it starts another', async t => {
  const { directory, supervisor } = await newlyUpgraded(t)
  const ended = once(supervisor, 'exit')
  const options = { directory, name: 'demo', wanted: {}, timeoutMs: 5000, taken: new Map() }
  const running = await prepared({ ...options, home: directory }, async found => found.running)
  t.equal(running, undefined)
  t.same(await ended, [null, 'SIGTERM'])
})
