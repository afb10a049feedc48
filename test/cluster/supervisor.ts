/** The supervisor against real processes that have nothing of a node but its contract. */
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { pathsOf, requireClusterFile, writeClusterFile } from '../../src/cluster/cluster-file.ts'
import type { ProcessState } from '../../src/cluster/node-process.ts'
import type { Exit, SpawnedNode } from '../../src/cluster/spawn.ts'
import { hostIn, Supervisor } from '../../src/cluster/supervisor.ts'
import type { ClusterFile, Intent } from '../../src/core/config.ts'
import { identityOf, livenessOf, signalProcess } from '../../src/host/process-identity.ts'

t.jobs = 4

const entry = fileURLToPath(new URL('../fixtures/fake-node.js', import.meta.url))

function fileOf(intents: readonly Intent[], foundersMarked: boolean): ClusterFile {
  return {
    formatVersion: 1,
    id: '00112233445566778899aabbccddeeff',
    name: 'demo',
    createdAt: 0,
    replicas: 1,
    readQuorum: 1,
    writeQuorum: 1,
    partitions: 4,
    fallbacks: 1,
    durability: 'durable',
    hash: 'sha256',
    security: { mode: 'secret', tls: 'off' },
    operator: null,
    basePort: 4700,
    foundersMarked,
    valueBytesMax: 1024,
    readRepair: 'blocking',
    hintQuota: 0.1,
    nodes: intents.map((intent, i) => ({
      name: `n${i + 1}`,
      host: '127.0.0.1',
      port: 4701 + i,
      zone: '',
      weight: 1,
      store: `000000000000000${i}`,
      intent,
    })),
  }
}

type Begun = { readonly supervisor: Supervisor; readonly directory: string }

async function begin(
  t: Pick<typeof import('tap').t, 'teardown'>,
  intents: readonly Intent[],
  fakes: Readonly<Record<string, unknown>> = {},
  foundersMarked = true,
): Promise<Begun> {
  const directory = await mkdtemp(join(tmpdir(), 'kv-supervisor-'))
  const file = fileOf(intents, foundersMarked)
  await writeClusterFile(directory, file)
  for (const [name, fake] of Object.entries(fakes)) {
    await mkdir(pathsOf(directory).node(name), { recursive: true })
    await writeFile(join(pathsOf(directory).node(name), 'fake.json'), JSON.stringify(fake))
  }
  const hooks = { changed: () => undefined, report: () => undefined }
  const supervisor = new Supervisor(file, hostIn(directory, entry), hooks)
  t.teardown(async () => {
    await supervisor.stop()
    await rm(directory, { recursive: true })
  })
  return { supervisor, directory }
}

async function until(
  supervisor: Supervisor,
  name: string,
  is: (state: ProcessState) => boolean,
): Promise<void> {
  while (!is(stateOf(supervisor, name))) await new Promise(resolve => setTimeout(resolve, 10))
}

function stateOf(supervisor: Supervisor, name: string): ProcessState {
  return supervisor.processes().find(node => node.name === name)!.state
}

t.test('only nodes that are meant to be up are started', async t => {
  const { supervisor } = await begin(t, ['up', 'stopped', 'killed'])
  await supervisor.start()
  await until(supervisor, 'n1', state => state === 'running')
  t.equal(stateOf(supervisor, 'n2'), 'stopped')
  t.equal(stateOf(supervisor, 'n3'), 'killed')
  t.equal(supervisor.identities().length, 1)
})

t.test('stop, start, kill, restart, pause and resume write the intent first', async t => {
  const { supervisor, directory } = await begin(t, ['up'])
  await supervisor.start()
  await until(supervisor, 'n1', state => state === 'running')
  const intent = async () => (await requireClusterFile(directory)).nodes[0]!.intent
  const steps = [
    ['pause', 'running', 'paused', 'paused'],
    ['pause', 'paused', 'paused', 'paused'],
    ['resume', 'paused', 'running', 'up'],
    ['pause', 'running', 'paused', 'paused'],
    ['restart', 'paused', 'running', 'up'],
    ['kill', 'running', 'killed', 'killed'],
    ['start', 'killed', 'running', 'up'],
    ['start', 'running', 'running', 'up'],
    ['stop', 'running', 'stopped', 'stopped'],
  ] as const
  for (const [action, from, to, wanted] of steps) {
    t.same(await supervisor.act('n1', action), { from, to }, action)
    t.equal(await intent(), wanted, action)
  }
  await t.rejects(supervisor.act('n1', 'pause'), { code: 'CLUSTER_CONFLICT' })
  await t.rejects(supervisor.act('n9', 'stop'), { code: 'UNKNOWN_NODE' })
  t.equal(await intent(), 'stopped', 'a refused action changes no intent')
})

t.test('a wiped node keeps its name and its log, and may make another store', async t => {
  const { supervisor, directory } = await begin(t, ['up', 'up'])
  await supervisor.start()
  for (const name of ['n1', 'n2']) await until(supervisor, name, state => state === 'running')
  const own = pathsOf(directory).node('n1')
  await mkdir(join(own, 'quarantine'))
  for (const file of ['data.mdb', 'store.json', 'quarantine/data.mdb', 'node.log.1']) {
    await writeFile(join(own, file), 'x')
  }
  t.same(await supervisor.act('n1', 'wipe'), { from: 'running', to: 'stopped' })
  t.same((await readdir(own)).sort(), ['node.log', 'node.log.1'])
  const entries = async () => (await requireClusterFile(directory)).nodes
  t.match(await entries(), [
    { store: null, intent: 'stopped' },
    { store: '0000000000000001', intent: 'up' },
  ])
  await supervisor.act('n1', 'start')
  while ((await entries())[0]?.store === null) await new Promise(resolve => setTimeout(resolve, 10))
  t.match(await entries(), [
    { store: 'feedfeedfeedfeed', intent: 'up' },
    { store: '0000000000000001' },
  ])
  t.same(await supervisor.act('n1', 'wipe'), { from: 'running', to: 'stopped' })
  t.same(await supervisor.act('n1', 'wipe'), { from: 'stopped', to: 'stopped' }, 'again')

  const young = await begin(t, ['up'], {}, false)
  await t.rejects(young.supervisor.act('n1', 'wipe'), { code: 'CLUSTER_CONFLICT' })
})

t.test('a node paused or killed from elsewhere is seen; a crash is healed', async t => {
  const { supervisor } = await begin(t, ['up'])
  await supervisor.start()
  await until(supervisor, 'n1', state => state === 'running')
  const [first] = supervisor.identities()
  signalProcess(first!, 'SIGSTOP')
  await until(supervisor, 'n1', state => state === 'paused')
  signalProcess(first!, 'SIGKILL')
  await until(supervisor, 'n1', state => state === 'starting')
  await until(supervisor, 'n1', state => state === 'running')
  const [node] = supervisor.processes()
  t.equal(node!.restarts, 1)
  t.not(node!.pid, first!.pid)
})

t.test('a node that refuses its store is not tried again, and its last lines are kept', async t => {
  const { supervisor } = await begin(t, ['up'], { n1: { exit: 10 } })
  await supervisor.start()
  await until(supervisor, 'n1', state => state === 'crashed')
  const [node] = supervisor.processes()
  t.equal(node!.restarts, 0)
  t.equal(node!.lastLines.at(-1), 'last words')
  await t.rejects(supervisor.act('n1', 'start'), { code: 'CLUSTER_CONFLICT' })
})

t.test('a node that goes on crashing is given up after five times', async t => {
  const { supervisor } = await begin(t, ['up'], { n1: { exit: 1 } })
  await supervisor.start()
  await until(supervisor, 'n1', state => state === 'crashed')
  t.equal(supervisor.processes()[0]!.restarts, 4)
})

t.test('stop leaves no process, a paused and a deaf node included', async t => {
  const { supervisor } = await begin(t, ['up', 'up', 'up'], { n3: { deaf: true } })
  await supervisor.start()
  for (const name of ['n1', 'n2', 'n3']) {
    await until(supervisor, name, state => state === 'running')
  }
  const all = supervisor.identities()
  t.equal(all.length, 3)
  await supervisor.act('n2', 'pause')
  const endings = await supervisor.stop()
  t.same(
    [...endings],
    [
      ['n1', 'stopped'],
      ['n2', 'stopped'],
      ['n3', 'killed'],
    ],
  )
  for (const identity of all) t.equal(livenessOf(identity), 'dead')
})

t.test('founders listen only after the file says that every store is made', async t => {
  const { supervisor, directory } = await begin(t, ['up', 'up'], {}, false)
  await supervisor.start()
  t.equal((await requireClusterFile(directory)).foundersMarked, true)
  for (const name of ['n1', 'n2']) {
    await until(supervisor, name, state => state === 'running')
    const log = await readFile(pathsOf(directory).nodeLog(name), 'utf8')
    t.match(log, '"told to listen","marked":true')
  }
})

t.test('where one founder fails nothing is marked', async t => {
  const { supervisor, directory } = await begin(t, ['up', 'up'], { n2: { exit: 10 } }, false)
  await t.rejects(supervisor.start(), { code: 'STORE_REFUSED' })
  t.equal((await requireClusterFile(directory)).foundersMarked, false)
})

/** A process that outlives its first signals. */
function tough(failures: number): SpawnedNode {
  let left = failures
  let die: (exit: Exit) => void = () => undefined
  return {
    identity: identityOf(process.pid),
    exited: new Promise<Exit>(resolve => {
      die = resolve
    }),
    tell: () => undefined,
    liveness: () => 'running',
    end: async () => {
      if (left-- > 0) throw new Error('does not die of SIGKILL')
      die({ code: null, signal: 'SIGKILL' })
      return 'killed'
    },
    pause: async () => undefined,
  }
}

t.test(
  'a process that does not die fails that stop, not the next, and holds up no other',
  async t => {
    const host = {
      spawn: (name: string) => tough(name === 'n1' ? 1 : 0),
      write: async () => undefined,
      wipe: async () => undefined,
      lastLines: () => [],
    }
    const hooks = { changed: () => undefined, report: () => undefined }
    const supervisor = new Supervisor(fileOf(['up', 'up'], true), host, hooks)
    await supervisor.start()
    await t.rejects(supervisor.stop(), { message: 'does not die of SIGKILL' })
    t.match(supervisor.identities(), [{ name: 'n1' }])
    t.equal(supervisor.identities().length, 1)
    t.equal((await supervisor.stop()).get('n1'), 'killed')
    t.same(supervisor.identities(), [])
  },
)
