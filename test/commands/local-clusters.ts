import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import { runKv, runScript } from '../helpers/cli-cluster.ts'

t.setTimeout(300_000)
const home = t.testdir()
const environment = { XDG_DATA_HOME: home, XDG_CONFIG_HOME: home }
const kv = (...words: string[]) => runKv(words, environment)
t.teardown(() => kv('cluster', 'down', '--all'))

t.test('the five minutes of the README', async t => {
  const readme = readFileSync('README.md', 'utf8')
  const section = readme.slice(readme.indexOf('## Five minutes'), readme.indexOf('From Node:'))
  const blocks = [...section.matchAll(/^```\n(.*?)^```/gms)].map(found => found[1] ?? '')
  const lines = blocks
    .flatMap(block => block.split('\n'))
    .map(line => line.replace(/ +#.*$/, ''))
    .filter(line => line !== '')
  t.ok(lines.length >= 12, `${lines.length} lines`)
  // Any ports: others may run a cluster on this machine.
  const real = lines.map(line => line.replace(/^kv cluster up.*/, '$& --base-port 0'))
  const script = real.map(line => `${line}; echo "[$?] ${line.replace(/["$`\\]/g, '\\$&')}"`)
  const ran = await runScript(script.join('\n'), environment)
  const ends = [...ran.text.matchAll(/^.*?\[(\d+)\] (.*)$/gm)].map(([, exit, line]) => [line, exit])
  t.same(
    ends,
    real.map((line, i) => [line, expected(real, i)]),
    ran.errors,
  )
  t.match(ran.text, /\{"items":\["tea"\]\}\[0\]/)
  t.match(ran.errors, /cart:7 has 2 versions\n {2}1 {2}(tea|rum) .*\n {2}2 {2}(tea|rum) /)
  t.match(ran.text, /^cart:7 {2}hash/m)
  t.match(ran.text, /^Cluster demo is down: 5 nodes ended/m)
  const again = await kv('cluster', 'up', '--json')
  t.match(JSON.parse(again.text), { cluster: 'demo', created: false, started: true })
  t.match(await kv('get', 'cart:7'), { exit: 0, text: 'tea and rum' })
  const found = execFileSync('find', [
    home,
    '-mindepth',
    '1',
    '-perm',
    '/077',
    '-not',
    '-type',
    's',
  ])
  t.equal(found.toString(), '', 'nobody else may read any file')

  /** `get` of the two siblings is the one that ends with 6. */
  function expected(all: readonly string[], i: number): string {
    return all[i] === 'kv get cart:7' && /--context/.test(all[i - 1] ?? '') ? '6' : '0'
  }
})

t.test('up again, with other settings, and beside another cluster', async t => {
  const again = await kv('cluster', 'up')
  t.match([again.exit, again.text], [0, 'Cluster demo is already up (5 nodes).\n'])
  const differ = await kv('cluster', 'up', '-n', '3', '--replicas', '2')
  t.match(
    [differ.exit, differ.text, differ.errors],
    [10, '', /--nodes is 5, asked for 3; --replicas is 3, asked for 2/],
  )
  const few = await kv('cluster', 'up', 'few', '-n', '2')
  t.match([few.exit, few.errors], [2, /2 nodes cannot hold 3 replicas/])
  const second = await kv('cluster', 'up', 'second', '-n', '3', '--base-port', '0', '--json')
  t.match(JSON.parse(second.text), { cluster: 'second', created: true, n: 3, r: 2, w: 2 })
  const which = await kv('get', 'cart:7')
  t.match([which.exit, which.text, which.errors], [2, '', /which cluster\? demo, second/])
  t.equal((await kv('get', 'cart:7', '-c', 'second')).exit, 3)
  const token = (await kv('get', 'cart:7', '-c', 'demo', '--context-only')).text.trim()
  const foreign = await kv('put', 'cart:7', 'x', '-c', 'second', '--context', token)
  t.match([foreign.exit, foreign.errors], [2, /the context was not issued for this key/])
  const list = JSON.parse((await kv('cluster', 'list', '--json', '-c', 'second')).text).clusters
  t.match(list, [
    { name: 'demo', current: false, state: 'up', running: 5, nodes: 5, dir: /\/demo$/ },
    { name: 'second', current: true, state: 'up', running: 3, nodes: 3, dir: /\/second$/ },
  ])
  const logs = (await kv('cluster', 'logs', 'second', '--json', '--lines', '5')).text.trim()
  for (const line of logs.split('\n')) t.match(JSON.parse(line), { time: String, event: String })
})

t.test('a busy port is reported by whom, and nothing stays of the try', async t => {
  const server = createServer()
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0
  const busy = await kv('cluster', 'up', 'third', '-n', '3', '--base-port', `${port - 1}`)
  t.match([busy.exit, busy.text], [10, ''])
  t.match(busy.errors, new RegExp(`port ${port} is in use by process ${process.pid}`))
  server.close()
  const nodes = JSON.parse((await kv('cluster', 'status', 'second', '--json')).text).nodes
  const taken = Number(nodes[0].address.split(':')[1]) - 1
  const other = await kv('cluster', 'up', 'third', '-n', '3', '--base-port', `${taken}`, '--json')
  const { error } = JSON.parse(other.text)
  t.match([other.exit, error], [10, { code: 'PORT_IN_USE', message: /used by cluster "second"/ }])
  t.notOk(existsSync(join(home, 'kv', 'clusters', 'third')))
})

t.test('down, destroy, and what is left: nothing', async t => {
  const paused = await kv('node', 'pause', 'n1', 'n2', '-c', 'second')
  t.equal(paused.text, 'n1: running -> paused\nn2: running -> paused\n')
  const status = await kv('cluster', 'status', 'second', '--check')
  t.match([status.exit, status.text], [9, /^second: UNAVAILABLE, 1 of 3 nodes/])
  const down = JSON.parse((await kv('cluster', 'down', '--all', '--json')).text)
  t.same(
    down.clusters.map((one: { cluster: string }) => one.cluster),
    ['demo', 'second'],
  )
  t.equal((await kv('cluster', 'down', 'demo')).text, 'Cluster demo was not running.\n')
  const gone = await kv('get', 'cart:7', '-c', 'demo')
  t.match([gone.exit, gone.text, gone.errors], [4, '', /no node of demo answers/])
  t.match((await kv('cluster', 'status', 'demo')).text, /^demo: DOWN/)
  const refused = await kv('cluster', 'destroy', 'demo')
  t.match([refused.exit, refused.errors], [2, /say --yes/])
  for (const name of ['demo', 'second']) {
    t.equal((await kv('cluster', 'destroy', name, '--yes')).exit, 0)
  }
  t.equal((await kv('cluster', 'destroy', 'demo', '--yes')).exit, 3)
  const left = readdirSync(join(home, 'kv', 'clusters')).filter(name => name !== 'ports.lock')
  t.same(left, [])
  const processes = execFileSync('ps', ['-eo', 'args']).toString()
  t.notOk(processes.includes(home), 'no process is left')
})
