/** A local cluster comes up from whatever is there, with its data, and leaves nothing behind. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { mkdir, rename, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { connect } from '../../src/client/index.ts'
import { pathsOf, requireClusterFile } from '../../src/cluster/cluster-file.ts'
import { reachSupervisor } from '../../src/cluster/leftovers.ts'
import { livenessOf, signalProcess } from '../../src/host/process-identity.ts'
import { killNow, LocalClusters } from '../helpers/local-clusters.ts'

t.jobs = 2
t.setTimeout(600_000)

const data = { hello: 'world', 'cart:7': '{"items":["tea"]}', empty: '' }

/** `down`, and a look whether exactly the processes from before are dead. */
async function down(t: Test, clusters: LocalClusters, name: string): Promise<void> {
  const before = clusters.processes(clusters.directory(name))
  const { nodes } = await clusters.json<{ nodes: { ending: string }[] }>(['cluster', 'down', name])
  t.ok(nodes.every(node => node.ending === 'stopped'))
  for (const process of before) t.equal(livenessOf(process), 'dead')
  t.same(clusters.processes(clusters.directory(name)), [], 'no process is left')
  t.notOk(existsSync(pathsOf(clusters.directory(name)).supervisorFile))
}

t.test('up returns when all five answer; up again; down; up, with the data', async t => {
  const clusters = await LocalClusters.make(t)
  const first = await clusters.up('demo', '-n', '5')
  t.equal(first.length, 5)
  const client = await connect({ cluster: clusters.directory('demo'), timeoutMs: 5000 })
  for (const { name } of first) {
    t.equal((await client.status(name)).connected.length, 4, `${name} answers and sees all`)
    t.equal((await client.put(`by ${name}`, name, { via: name })).outcome.needed, 2)
  }
  await client.close()
  await clusters.put('demo', data)
  const again = await clusters.kv(['cluster', 'up', 'demo'])
  t.equal(again.exit, 0)
  t.match(again.text, 'Cluster demo is already up (5 nodes).')
  const pids = (await clusters.up('demo')).map(node => node.pid)
  t.same(
    pids,
    first.map(node => node.pid),
  )
  await down(t, clusters, 'demo')
  t.match(await clusters.kv(['cluster', 'down', 'demo']), { exit: 0, text: /was not running/ })
  await clusters.up('demo')
  await clusters.holds('demo', { ...data, 'by n3': 'n3' })
  t.equal(clusters.processes().length, 6, 'five nodes and one supervisor')
})

t.test('after kill -9 of the supervisor, of a node, of both, of all', async t => {
  const clusters = await LocalClusters.make(t)
  await clusters.up('demo', '-n', '3')
  await clusters.put('demo', data)
  const supervisor = () => clusters.supervisor('demo')
  const node = (name: string) => clusters.node('demo', name)
  const cases = {
    'the supervisor, up at once': async () => killNow(supervisor()),
    'the supervisor, up when its nodes have gone': async () => {
      const all = clusters.processes()
      await killNow(supervisor())
      while (all.some(one => livenessOf(one) !== 'dead')) await pause()
      t.same(clusters.processes(), [], 'nodes end with their supervisor')
    },
    'a node': async () => killNow(node('n2')),
    'a node, then the supervisor': async () => killNow(node('n3'), supervisor()),
    'the supervisor, a node paused': async () => {
      signalProcess(node('n2'), 'SIGSTOP')
      await killNow(supervisor())
    },
    all: async () => killNow(...clusters.processes()),
    'the supervisor, its file deleted, a node paused': async () => {
      signalProcess(node('n1'), 'SIGSTOP')
      await rm(pathsOf(clusters.directory('demo')).supervisorFile)
      await killNow(supervisor())
    },
  }
  for (const [name, kill] of Object.entries(cases)) {
    await kill()
    await clusters.up('demo')
    await clusters.holds('demo', data)
    t.equal(clusters.processes().length, 4, name)
  }
  await rm(pathsOf(clusters.directory('demo')).supervisorFile)
  t.match(await clusters.kv(['cluster', 'up', 'demo']), { exit: 0, text: /already up/ })
  t.equal(clusters.processes().length, 4, 'a deleted supervisor.json is no reason for a second one')
  await clusters.kv(['node', 'pause', 'n2'])
  await down(t, clusters, 'demo')
})

t.test('after a reboot: what the files say of processes is of another boot', async t => {
  const clusters = await LocalClusters.make(t)
  await clusters.up('demo', '-n', '3')
  await clusters.put('demo', data)
  const directory = clusters.directory('demo')
  const all = clusters.processes()
  await killNow(...all)
  const files = readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .filter(file => /(^|\/)(lock|supervisor\.lock|supervisor\.json)$/.test(file))
    .map(file => join(directory, file))
  t.equal(files.length, 5, 'two traces of the supervisor, three locks of stores')
  const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  for (const file of files) {
    const text = readFileSync(file, 'utf8')
    t.ok(text.includes(boot))
    // The pids belong to others now: to this test, which must not be ended for it.
    const later = all
      .reduce((one, { pid }) => one.replace(`"pid":${pid}`, `"pid":${process.pid}`), text)
      .replaceAll(/"pid": [0-9]+/g, `"pid": ${process.pid}`)
      .replaceAll(boot, '00000000-1111-2222-3333-444444444444')
    t.ok(later.includes(String(process.pid)))
    writeFileSync(file, later)
  }
  t.match(await clusters.kv(['cluster', 'status', 'demo']), { exit: 0, text: /DOWN/ })
  await clusters.up('demo')
  await clusters.holds('demo', data)
  await down(t, clusters, 'demo')
})

t.test('up interrupted anywhere, then up again', async t => {
  const clusters = await LocalClusters.make(t)
  const stops = [
    ['cluster.json', 0, 'SIGKILL', false],
    ['supervisor.lock', 0, 'SIGKILL', true],
    ['supervisor.json', 0, 'SIGKILL', true],
    ['supervisor.json', 250, 'SIGKILL', true],
    ['supervisor.json', 0, 'SIGINT', false],
    ['supervisor.json', 300, 'SIGKILL', false],
  ] as const
  for (const [i, [file, ms, signal, all]] of stops.entries()) {
    const name = `half-${i}`
    const up = clusters.start(['cluster', 'up', name, '-n', '3', '--base-port', '0'])
    let said = ''
    up.stderr?.on('data', chunk => {
      said += chunk
    })
    const ended = new Promise<number | null>(resolve => up.once('close', resolve))
    while (!existsSync(join(clusters.directory(name), file))) await pause(2)
    await pause(ms)
    up.kill(signal)
    if (all) await killNow(...clusters.processes(clusters.directory(name)))
    const exit = await ended
    if (signal === 'SIGINT') {
      t.equal(exit, 130)
      t.match(said, /goes on starting by itself|nothing was started/)
    }
    await clusters.up(name)
    await clusters.put(name, data)
    await clusters.holds(name, data)
    const found = clusters.processes(clusters.directory(name)).length
    t.equal(found, 4, `${file}, ${ms} ms later, ${signal}${all ? ' to all' : ''}`)
    await clusters.kv(['cluster', 'destroy', name, '--yes'])
  }
})

t.test('two clusters side by side, and two ups of one at once', async t => {
  const clusters = await LocalClusters.make(t)
  const ups = ['a', 'b', 'a', 'b'].map(name =>
    clusters.kv(['cluster', 'up', name, '-n', '3', '--base-port', '0', '--json']),
  )
  const documents = (await Promise.all(ups)).map(ran => {
    t.equal(ran.exit, 0, ran.errors)
    return JSON.parse(ran.text) as { created: boolean; nodes: { port: number; pid: number }[] }
  })
  t.equal(documents.filter(({ created }) => created).length, 2)
  const ports = new Set(documents.flatMap(({ nodes }) => nodes.map(({ port }) => port)))
  const pids = new Set(documents.flatMap(({ nodes }) => nodes.map(({ pid }) => pid)))
  t.equal(ports.size, 6)
  t.equal(pids.size, 6)
  t.equal(clusters.processes().length, 8)
  await clusters.put('a', { k: 'of a' })
  await clusters.put('b', { k: 'of b' })
  await clusters.holds('a', { k: 'of a' })
  await clusters.holds('b', { k: 'of b' })
  t.match(await clusters.kv(['get', 'k']), { exit: 2, errors: /a, b/ }, 'none is named')
  t.match(await clusters.kv(['get', 'k', '-c', 'b']), { exit: 0, text: 'of b' })
  await clusters.kv(['cluster', 'down', 'a'])
  t.same(clusters.processes(clusters.directory('a')), [])
  await clusters.holds('b', { k: 'of b' })
  t.match(await clusters.kv(['cluster', 'down', '--all']), { exit: 0 })
  t.same(clusters.processes(), [])
})

t.test('in a directory with a long path; in the foreground until Ctrl-C', async t => {
  const clusters = await LocalClusters.make(t)
  const long = join(clusters.home, 'd'.repeat(120), '.kv')
  const start = ['cluster', 'up', '--dir', long, '-n', '3', '--base-port', '0']
  const kv = (...words: string[]) => clusters.kv([...words, '-c', long])
  t.match(await clusters.kv(start), { exit: 0 })
  t.match(await kv('put', 'k', 'v'), { exit: 0 })
  t.match(await kv('node', 'restart', 'n2'), { exit: 0, text: /running -> running/ })
  const socket: string = JSON.parse(readFileSync(join(long, 'supervisor.json'), 'utf8')).socket
  t.ok(socket.length < 100, 'a socket needs a short path')
  await killNow(...clusters.processes())
  t.match(await clusters.kv(start), { exit: 0 })
  t.match(await kv('cluster', 'down'), { exit: 0, text: /3 nodes ended/ })
  t.same(clusters.processes(), [])

  const foreground = clusters.start([...start, '--foreground'])
  const ended = new Promise<number | null>(resolve => foreground.once('exit', resolve))
  let said = ''
  foreground.stdout?.on('data', chunk => {
    said += chunk
  })
  while (!said.includes('is up')) await pause()
  t.match(await kv('get', 'k'), { exit: 0, text: 'v' })
  t.match(await clusters.kv(start), { exit: 0, text: /already up/ })
  foreground.kill('SIGINT')
  t.equal(await ended, 0)
  t.same(clusters.processes(), [])
  const left = readdirSync(tmpdir()).filter(name => socket.startsWith(join(tmpdir(), name)))
  t.same(left, [], 'the directory of the short socket path goes with it')
})

t.test(
  'a supervisor that cannot write a file does what it was asked, and writes it later',
  async t => {
    const clusters = await LocalClusters.make(t)
    await clusters.up('demo', '-n', '3')
    const directory = clusters.directory('demo')
    const { clusterFile, supervisorFile } = pathsOf(directory)
    const file = await requireClusterFile(directory)
    const control = await reachSupervisor(directory, file, 5000)
    for (const path of [clusterFile, supervisorFile]) {
      await rename(path, `${path}.kept`)
      await mkdir(join(path, 'no file can take this name'), { recursive: true })
    }
    const stop = control!.call({ type: 'act', node: 'n1', action: 'stop' }, 20_000, 'stop')
    t.match(await stop, { type: 'acted', from: 'running', to: 'stopped' })
    await killNow(clusters.node('demo', 'n2'))
    const log = () => readFileSync(pathsOf(directory).supervisorLog, 'utf8')
    while (!log().includes('no-trace') || !log().includes('no-record')) await pause()
    for (const path of [clusterFile, supervisorFile]) {
      await rm(path, { recursive: true })
      await rename(`${path}.kept`, path)
    }
    control!.close()
    while (!log().includes('"recorded"')) await pause()
    t.same(await clusters.intents('demo'), ['stopped', 'up', 'up'])
    await clusters.kv(['node', 'start', 'n1'])
    await clusters.up('demo')
    t.equal(clusters.processes().length, 4)
    t.equal((await clusters.nodes('demo'))[0]!.restarts, 0)
  },
)

function pause(ms = 20): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, ms))
}
