/** `kv cluster` and `kv node` on a cluster that runs: what they show, what they do, their exits. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { pathsOf } from '../../src/cluster/cluster-file.ts'
import { livenessOf } from '../../src/host/process-identity.ts'
import { killNow, LocalClusters, type ShownNode } from '../helpers/local-clusters.ts'
import { onTerminal } from '../helpers/pseudo-terminal.ts'

t.jobs = 2
t.setTimeout(600_000)

type Status = { health: string; quorum: object; nodes: readonly ShownNode[] }

t.test('node actions, their intents, and what status says of each', async t => {
  const clusters = await LocalClusters.make(t)
  await clusters.up('demo', '-n', '3')
  await clusters.put('demo', { k: 'v' })
  const state = async () => (await clusters.nodes('demo')).map(node => node.state)
  const act = (...words: string[]) => clusters.kv(['node', ...words])

  t.match(await clusters.kv(['cluster', 'status', '--check']), { exit: 0, text: /demo: HEALTHY/ })
  t.match(await clusters.json<Status>(['cluster', 'status']), {
    cluster: 'demo',
    health: 'healthy',
    supervisor: 'running',
    ringAgreed: true,
    quorum: { read: true, write: true, partitionsBelow: 0, fewestReplicas: 3 },
    nodes: [{ name: 'n1', state: 'running', answers: true, keys: 1, connected: ['n2', 'n3'] }],
  })

  t.match(await act('pause', 'n2'), { exit: 0, text: 'n2: running -> paused\n' })
  t.equal(livenessOf(clusters.node('demo', 'n2')), 'paused')
  t.match(await act('pause', 'n2'), { exit: 0, text: 'n2 is paused already\n' })
  const paused = await clusters.kv(['cluster', 'status', '--check'])
  t.match(paused, { exit: 9, text: /DEGRADED, 2 of 3.*n2 +paused.*next: kv node resume n2/s })
  t.match(await clusters.kv(['get', 'k']), { exit: 0, text: 'v' })
  t.same(await clusters.intents('demo'), ['up', 'paused', 'up'])
  t.match(await act('resume', 'n2'), { exit: 0, text: 'n2: paused -> running\n' })

  t.match(await act('stop', 'n1', 'n3'), { exit: 0, text: /n1: running -> stopped\nn3: running/ })
  t.same(await clusters.intents('demo'), ['stopped', 'up', 'stopped'])
  t.equal(clusters.processes().length, 2)
  const few = await clusters.json<Status>(['cluster', 'status', '--check'], 9)
  t.match(few, { health: 'unavailable', quorum: { read: false, write: false } })
  t.match(await clusters.kv(['put', 'k', 'w']), { exit: 5 })
  t.match(await act('pause', 'n1'), { exit: 10, errors: /n1 is stopped, not running/ })
  t.match(await act('start', 'n1'), { exit: 0, text: 'n1: stopped -> running\n' })
  t.match(await clusters.kv(['get', 'k', '--via', 'n1']), { exit: 0, text: 'v' })

  const before = clusters.node('demo', 'n2')
  const killed = await clusters.json<object>(['node', 'kill', 'n2'])
  t.same(killed, { node: 'n2', action: 'kill', from: 'running', to: 'killed' })
  t.equal(livenessOf(before), 'dead')
  const restarted = await act('restart', 'n2')
  t.match(restarted, { exit: 0, text: 'n2: killed -> running\n' })
  t.match(await act('restart', 'n2'), { exit: 0, text: 'n2: running -> running\n' })
  t.match(await act('kill', 'n2', 'n9'), { exit: 3, errors: /has no node n9; it has n1, n2, n3/ })
  t.same(await state(), ['running', 'running', 'stopped'], 'nothing is done where one is unknown')

  await act('kill', 'n2')
  await killNow(clusters.supervisor('demo'))
  t.match(await act('stop', 'n1'), { exit: 4, errors: /not running/ })
  const up = await clusters.kv(['cluster', 'up'])
  t.match(up, { exit: 0, text: /is up: 1 of 3 nodes.*n2 is killed: kv node start n2/s })
  t.same(await state(), ['running', 'killed', 'stopped'], 'an intent outlives the supervisor')
  await clusters.kv(['cluster', 'down'])
  t.match(await act('start', 'n1'), { exit: 4 })
  const down = await clusters.kv(['cluster', 'status', '--check'])
  t.match(down, { exit: 9, text: /demo: DOWN.*next: kv cluster up demo/s })
  await clusters.up('demo')
  t.same(await clusters.intents('demo'), ['up', 'up', 'up'], 'an experiment ends with down')
  await clusters.holds('demo', { k: 'v' })
})

t.test('a crash is healed after a growing pause; the fifth in a minute is the last', async t => {
  const clusters = await LocalClusters.make(t)
  await clusters.up('demo', '-n', '3')
  let last = clusters.node('demo', 'n2')
  for (let crash = 1; crash <= 5; crash++) {
    await killNow(last)
    while (crash < 5) {
      const next = clusters.processes().find(({ pid }) => {
        const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8')
        return pid !== last.pid && words.endsWith('\0n2\0')
      })
      if (next === undefined) await pause(20)
      else {
        last = next
        break
      }
    }
  }
  const exits = async () =>
    (await clusters.supervisorLog('demo')).filter(line => line['event'] === 'exited')
  while ((await exits()).length < 5) await pause(20)
  const waits = (await exits()).map(line => String(line['again']))
  t.equal(waits.at(-1), 'no')
  for (const [i, wait] of waits.slice(0, 4).entries()) {
    const longest = 200 * 2 ** i
    const ms = Number.parseInt(wait, 10)
    t.ok(ms >= longest / 2 && ms <= longest, `${wait} is 0.5 to 1 of ${longest} ms`)
  }
  const n2 = (await clusters.nodes('demo'))[1]!
  t.match(n2, { state: 'crashed', answers: false, restarts: 4 })
  const log = readFileSync(pathsOf(clusters.directory('demo')).nodeLog('n2'), 'utf8')
  t.same(n2.lastLines, log.trim().split('\n').slice(-20))
  t.ok(n2.lastLines!.length > 1)
  const status = await clusters.kv(['cluster', 'status'])
  t.match(status, { exit: 0, text: /n2 +crashed.*n2: crashed.*\| \{"time".*kv cluster logs/s })
  t.match(await clusters.kv(['cluster', 'up']), { exit: 10, errors: /n2 crashed/ })
  t.match(await clusters.kv(['node', 'start', 'n2']), { exit: 0, text: 'n2: crashed -> running\n' })
  t.match(await clusters.kv(['cluster', 'status', '--check']), { exit: 0 })
})

t.test('list and logs', async t => {
  const clusters = await LocalClusters.make(t)
  t.match(await clusters.kv(['cluster', 'list']), { exit: 0, text: /There is no cluster/ })
  for (const words of [['status'], ['down'], ['logs']]) {
    t.match(await clusters.kv(['cluster', ...words]), { exit: 4, errors: /kv cluster up/ })
    t.match(await clusters.kv(['cluster', ...words, 'nobody']), { exit: 3, errors: /no cluster/ })
  }
  await clusters.up('a', '-n', '3')
  await clusters.up('b', '-n', '1', '--replicas', '1')
  await clusters.kv(['cluster', 'down', 'b'])
  writeFileSync(join(clusters.directory('b'), 'cluster.json'), '{', { mode: 0o600 })
  const list = await clusters.json<object>(['cluster', 'list', '-c', 'a'])
  t.match(list, {
    clusters: [
      { name: 'a', state: 'up', running: 3, nodes: 3, current: true },
      { name: 'b', state: 'unreadable', running: 0, current: false },
    ],
  })
  const lines = await clusters.kv(['cluster', 'list', '-c', 'a'])
  t.match(lines, { exit: 0, text: /NAME.*\* a +up +3\/3.* {2}b +unreadable/s })

  const all = await clusters.kv(['cluster', 'logs', 'a', '--json'])
  const records = all.text
    .trim()
    .split('\n')
    .map(line => JSON.parse(line))
  t.same([...new Set(records.map(({ node }) => node))].sort(), ['n1', 'n2', 'n3', 'supervisor'])
  const of = (name: string) => records.filter(({ node }) => node === name)
  t.match(of('supervisor'), [{ event: 'created', about: /^n[123]$/ }], 'it says of whom')
  const times = records.map(({ time }) => time)
  t.same(times, [...times].sort())
  const some = await clusters.kv(['cluster', 'logs', 'a', '-n', 'n2', '--grep', '"listening"'])
  t.match(some.text, /^n2 +[0-9:.]+ info listening port=[0-9]+\n$/)
  t.match(await clusters.kv(['cluster', 'logs', 'a', '--level', 'error']), { exit: 0, text: /^$/ })
  t.match(await clusters.kv(['cluster', 'logs', 'a', '-n', 'n9']), { exit: 3, errors: /n9/ })
  t.match(await clusters.kv(['cluster', 'logs', 'a', '--grep', '(']), { exit: 2 })

  const follower = clusters.start(['cluster', 'logs', 'a', '-f', '--lines', '0'])
  let said = ''
  follower.stdout?.on('data', chunk => {
    said += chunk
  })
  const ended = new Promise<number | null>(resolve => follower.once('exit', resolve))
  while (!said.includes('n3') || !said.includes('stopped')) {
    const { exit } = await clusters.kv(['node', 'restart', 'n3', '-c', 'a'])
    t.equal(exit, 0)
  }
  follower.kill('SIGINT')
  t.equal(await ended, 0)
})

t.test('destroy asks for the name, or for --yes where nobody can be asked', async t => {
  const clusters = await LocalClusters.make(t)
  const destroy = ['cluster', 'destroy', 'demo']
  t.match(await clusters.kv(destroy), { exit: 3 })
  await clusters.up('demo', '-n', '3')
  await clusters.put('demo', { k: 'v' })
  t.match(await clusters.kv(destroy), { exit: 2, errors: /--yes/ })
  const environment = { ...clusters.environment, CI: '' }
  const other = await onTerminal(destroy, environment, [{ after: 'go on', keys: 'n1\n' }])
  t.match(other, { exit: 8, text: /Type demo to go on.*nothing was removed/s })
  await clusters.holds('demo', { k: 'v' })
  writeFileSync(join(clusters.directory('demo'), 'mine.txt'), 'of another program')
  const typed = await onTerminal(destroy, environment, [{ after: 'go on', keys: 'demo\n' }])
  t.match(typed, { exit: 0, text: /Cluster demo is destroyed/ })
  t.same(clusters.processes(), [])
  t.notOk(existsSync(join(clusters.directory('demo'), 'nodes')))
  t.ok(existsSync(join(clusters.directory('demo'), 'mine.txt')), 'what is not ours stays')
  t.match(await clusters.kv(['cluster', 'list']), { text: /There is no cluster/ })

  await clusters.up('demo', '-n', '3')
  t.match(await clusters.kv(['get', 'k']), { exit: 3 }, 'a new cluster has nothing of the old one')
  await clusters.kv(['node', 'pause', 'n1'])
  await killNow(clusters.supervisor('demo'))
  t.match(await clusters.kv([...destroy, '--yes']), { exit: 0 })
  t.same(clusters.processes(), [])
})

function pause(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, ms))
}
