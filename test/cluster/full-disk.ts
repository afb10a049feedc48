/** A disk without a free byte: nodes can be ended on it, and come back by themselves with room. */
import { spawnSync } from 'node:child_process'
import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  rmSync,
  statfsSync,
  writeSync,
} from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import { type Client, connect } from '../../src/client/index.ts'
import { pathsOf, requireClusterFile, writeClusterFile } from '../../src/cluster/cluster-file.ts'
import { newClusterFile } from '../../src/cluster/settings.ts'
import { hostIn, Supervisor } from '../../src/cluster/supervisor.ts'
import { LocalClusters } from '../helpers/local-clusters.ts'

t.setTimeout(600_000)

const entry = fileURLToPath(new URL('../fixtures/fake-node.js', import.meta.url))

/** Two stand-ins under a supervisor whose writes fail while `disk.full`. */
async function standIns(t: Test) {
  const directory = await mkdtemp(join(tmpdir(), 'kv-full-'))
  const wanted = { nodes: 2, replicas: 1 }
  const file = { ...newClusterFile('demo', wanted, 4700, 0), foundersMarked: true }
  await writeClusterFile(directory, file)
  for (const name of ['n1', 'n2']) await mkdir(pathsOf(directory).node(name), { recursive: true })
  const disk = { full: false }
  const host = hostIn(directory, entry)
  const write = async (file: Parameters<typeof host.write>[0]) => {
    if (disk.full) throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' })
    await host.write(file)
  }
  const hooks = { changed: () => undefined, report: () => undefined }
  const supervisor = new Supervisor(file, { ...host, write }, hooks)
  t.teardown(async () => {
    await supervisor.stop()
    await rm(directory, { recursive: true })
  })
  const stateOf = (name: string) => supervisor.processes().find(node => node.name === name)
  const until = async (name: string, state: string) => {
    while (stateOf(name)?.state !== state) await pause()
  }
  const intents = async () => (await requireClusterFile(directory)).nodes.map(node => node.intent)
  return { supervisor, directory, disk, stateOf, until, intents }
}

t.test('what is asked for is done although its intent cannot be written', async t => {
  const { supervisor, disk, until, intents } = await standIns(t)
  await supervisor.start()
  for (const name of ['n1', 'n2']) await until(name, 'running')
  disk.full = true
  const steps = [
    ['pause', 'running', 'paused'],
    ['resume', 'paused', 'running'],
    ['stop', 'running', 'stopped'],
    ['start', 'stopped', 'running'],
    ['restart', 'running', 'running'],
    ['kill', 'running', 'killed'],
  ] as const
  for (const [action, from, to] of steps) {
    t.same(await supervisor.act('n1', action), { from, to }, action)
  }
  t.same(await intents(), ['up', 'up'], 'nothing was written')
  disk.full = false
  while ((await intents())[0] !== 'killed') await pause()
  t.same(await intents(), ['killed', 'up'], 'and now it is')
})

t.test('a node without room for its start waits for it, and that is no crash', async t => {
  const { supervisor, directory, stateOf, until } = await standIns(t)
  const fake = join(pathsOf(directory).node('n1'), 'fake.json')
  await writeFile(fake, JSON.stringify({ exit: 12 }))
  await supervisor.start()
  await until('n1', 'waiting')
  t.match(stateOf('n1'), { waitsFor: 'room on the disk', restarts: 0, pid: undefined })
  for (let tries = 0; tries < 6; tries++) {
    await t.rejects(
      supervisor.act('n1', 'start'),
      { code: 'STORE_FULL' },
      'more than five do no harm',
    )
  }
  await rm(fake)
  await until('n1', 'running')
  t.match(stateOf('n1'), { waitsFor: undefined, restarts: 0 })
})

/** Makes a small disk of its own there; false: it cannot be. */
function mount(path: string): boolean {
  return spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=200m', 'none', path]).status === 0
}

function unmount(path: string): void {
  spawnSync('umount', ['-l', path])
}

function canMount(): boolean {
  const place = mkdtempSync(join(tmpdir(), 'kv-mount-'))
  const can = mount(place)
  if (can) unmount(place)
  rmSync(place, { recursive: true })
  return can
}

/** Takes the last byte. */
function fill(disk: string): void {
  const fd = openSync(join(disk, 'filler'), 'w')
  const chunk = Buffer.alloc(65_536)
  try {
    for (;;) writeSync(fd, chunk)
  } catch {
    // There is no room for more.
  } finally {
    closeSync(fd)
  }
}

const skip = canMount() ? false : 'no disk can be mounted here (root is needed)'

/** A disk of its own, and where a cluster is to be on it. */
async function smallDisk(t: Test) {
  const clusters = await LocalClusters.make(t)
  const disk = join(clusters.home, 'disk')
  await mkdir(disk)
  mount(disk)
  t.teardown(() => unmount(disk))
  return { clusters, disk, directory: join(disk, 'demo') }
}

t.test('a real disk without a free byte', { skip }, async t => {
  const { clusters, disk, directory } = await smallDisk(t)
  const kv = (...words: string[]) => clusters.kv([...words, '-c', directory])
  const up = ['cluster', 'up', '--dir', directory, '-n', '3', '--base-port', '0']
  t.match(await clusters.kv(up), { exit: 0 })
  t.match(await kv('put', 'k', 'v'), { exit: 0 })
  fill(disk)
  t.equal(statfsSync(disk).bavail, 0)
  const full = async () => (await kv('cluster', 'status')).text
  while (!/writes refused, for the disk is full/.test(await full())) await pause()
  for (const [action, to] of [
    ['pause', 'paused'],
    ['resume', 'running'],
    ['stop', 'stopped'],
  ] as const) {
    t.match(await kv('node', action, 'n1'), { exit: 0, text: `-> ${to}` }, action)
  }
  t.match(await kv('node', 'kill', 'n2'), { exit: 0, text: /-> killed/ })
  t.match(await kv('cluster', 'down'), { exit: 0, text: /is down: 1 nodes ended/ })
  t.same(clusters.processes(directory), [])
  const started = await clusters.kv(up)
  t.notMatch(started.errors, /unexpected error/)
  rmSync(join(disk, 'filler'))
  while ((await kv('cluster', 'status', '--check')).exit !== 0) await pause()
  t.match(await kv('get', 'k'), { exit: 0, text: 'v' }, 'with room it is back by itself')
  fill(disk)
  t.match(await clusters.kv(['cluster', 'destroy', directory, '--yes']), { exit: 0 })
  t.notOk(existsSync(directory))
})

/** Puts large values from all sides until so many were refused for want of room; their keys. */
async function fillWithPuts(client: Client): Promise<readonly string[]> {
  const keys: string[] = []
  let refused = 0
  const put = async () => {
    while (refused < 100) {
      const key = `k${keys.length}`
      keys.push(key)
      await client.put(key, new Uint8Array(2 ** 20)).catch(error => {
        if (Reflect.get(Object(error), 'code') === 'STORE_FULL') refused++
      })
    }
  }
  await Promise.all(Array.from({ length: 64 }, put))
  return keys
}

t.test('nodes that fill the disk that they share', { skip }, async t => {
  const { clusters, directory } = await smallDisk(t)
  const up = ['cluster', 'up', '--dir', directory, '-n', '5', '--base-port', '0']
  t.match(await clusters.kv(up), { exit: 0 })
  const client = await connect({ cluster: directory })
  t.teardown(() => client.close())
  const status = ['cluster', 'status', '-c', directory, '--json']
  const pids = async () => JSON.parse((await clusters.kv(status)).text).nodes.map(pidOf)
  const before = await pids()
  const keys = await fillWithPuts(client)
  t.same(await pids(), before, 'no node ended')
  for (const key of keys) {
    const { context, found } = await client.get(key)
    if (found) await client.delete(key, { context })
  }
  const put = (i: number) => client.put(`new ${i}`, new Uint8Array(2 ** 20))
  const isTaken = () =>
    put(0).then(
      () => true,
      () => false,
    )
  while (!(await isTaken())) await pause()
  for (let i = 1; i < 10; i++) await t.resolves(put(i), 'what was deleted is room')
  t.same(await pids(), before)
  t.match(await clusters.kv(['cluster', 'destroy', directory, '--yes']), { exit: 0 })
})

function pidOf({ pid }: { readonly pid?: number }): number | undefined {
  return pid
}

function pause(): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, 50))
}
