import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { chmodSync, existsSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { NodeCluster, nodeEntry } from '../helpers/node-processes.ts'

async function oneNode(t: Test): Promise<NodeCluster> {
  const cluster = await NodeCluster.make(t.testdir(), 1)
  t.teardown(() => cluster.end())
  return cluster
}

/** Runs a node that is to be refused; resolves with its exit code and last line. */
async function refused(cluster: NodeCluster, name = 'n1') {
  const { node } = cluster.launch(name)
  const code = await node.ended
  return { code, text: cluster.logLines(name).at(-1)?.['text'] }
}

t.test('a founder makes its store, and answers nobody before it is told to listen', async t => {
  const cluster = await oneNode(t)
  const { node } = cluster.launch('n1')
  node.child.removeAllListeners('message')
  const messages: unknown[] = []
  const created = new Promise(resolve =>
    node.child.on('message', message => {
      messages.push(message)
      resolve(undefined)
    }),
  )
  await created
  t.same(messages, [{ type: 'created' }])
  await t.rejects(cluster.client('n1'), /ECONNREFUSED/)
  const ready = new Promise(resolve => node.child.once('message', resolve))
  node.child.send({ type: 'listen' })
  const { store } = cluster.file.nodes[0]!
  t.same(await ready, { type: 'ready', port: cluster.port('n1'), store })
  await (await cluster.client('n1')).close()
})

t.test('a store that was made and is gone is an error, not a new store', async t => {
  const cluster = await oneNode(t)
  await cluster.start('n1')
  await cluster.kill('n1', 'SIGTERM')
  cluster.write({ ...cluster.file, foundersMarked: true })
  await cluster.start('n1')
  await cluster.kill('n1', 'SIGTERM')
  rmSync(join(cluster.directory, 'nodes', 'n1'), { recursive: true })
  const { code, text } = await refused(cluster)
  t.equal(code, 10)
  t.match(text, /holds no store/)
})

t.test('a second process on one directory is refused, and the first goes on', async t => {
  const cluster = await oneNode(t)
  const first = await cluster.start('n1')
  const { code, text } = await refused(cluster)
  t.equal(code, 10)
  t.match(text, /is open in process/)
  await (await cluster.client('n1')).close()
  first.child.kill('SIGKILL')
  await first.ended
})

t.test('a busy port is exit 10 and named', async t => {
  const cluster = await oneNode(t)
  const port = cluster.port('n1')
  const other = createServer()
  await new Promise<void>(resolve => other.listen(port, '127.0.0.1', resolve))
  t.teardown(() => other.close())
  t.match(await refused(cluster), { code: 10, text: new RegExp(`port ${port} .*in use`) })
})

t.test('any address but loopback is exit 10, with the reason', async t => {
  const cluster = await oneNode(t)
  const [node] = cluster.file.nodes
  cluster.write({ ...cluster.file, nodes: [{ ...node, host: '0.0.0.0', port: 4701 }] })
  const { code, text } = await refused(cluster)
  t.equal(code, 10)
  t.equal(
    text,
    'refusing to listen on 0.0.0.0:4701: this version does not encrypt; ' +
      'it listens on 127.0.0.1 only',
  )
  cluster.write({ ...cluster.file, nodes: [{ ...node, host: 'localhost' }] })
  t.match(await refused(cluster), { code: 10, text: /refusing to listen on localhost/ })
})

t.test('a cluster file that cannot be used is exit 10, with every problem', async t => {
  const cluster = await oneNode(t)
  cluster.write({ ...cluster.file, replicas: 0, partitions: 3 })
  t.match(await refused(cluster), { code: 10, text: /replicas.*partitions/ })
  writeFileSync(cluster.clusterFile, '{"half":')
  t.match(await refused(cluster), { code: 10, text: /is not JSON/ })
  rmSync(cluster.clusterFile)
  t.match(await refused(cluster), { code: 10, text: /cannot read/ })
})

t.test('a secret that others can open is exit 11; that the group reads it, a warning', async t => {
  const cluster = await oneNode(t)
  const secret = join(cluster.directory, 'secret.json')
  for (const mode of [0o604, 0o620]) {
    chmodSync(secret, mode)
    t.match(await refused(cluster), { code: 11, text: /secret.json is not used/ })
  }
  chmodSync(secret, 0o640)
  await cluster.start('n1')
  t.ok(cluster.logLines('n1').some(line => line['event'] === 'secret'))
  const text = JSON.stringify(cluster.logLines('n1'))
  for (const { key } of cluster.secret.network) {
    t.notOk(text.includes(Buffer.from(key, 'latin1').toString('hex')), 'no secret is logged')
  }
})

t.test('without its arguments: exit 2 and how it is used', async t => {
  const { status, stderr } = spawnSync(process.execPath, [nodeEntry], { encoding: 'utf8' })
  t.equal(status, 2)
  t.match(stderr, /usage/)
})

t.test('it ends when the process that started it is gone', async t => {
  const cluster = await oneNode(t)
  const node = await cluster.start('n1')
  node.child.disconnect()
  t.equal(await node.ended, 0)
  t.match(cluster.logLines('n1').at(-1), { event: 'stopped' })
})

t.test('by hand, without IPC: --create, lines on standard output, SIGINT', async t => {
  const cluster = await oneNode(t)
  const args = [nodeEntry, '--cluster-file', cluster.clusterFile, '--name', 'n1']
  const without = spawnSync(process.execPath, args, { encoding: 'utf8' })
  t.equal(without.status, 10, 'a store is never made unasked')
  const child = spawn(process.execPath, [...args, '--create'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const line = await new Promise<Buffer>(resolve => child.stdout.once('data', resolve))
  t.match(JSON.parse(line.toString()), { event: 'listening', port: cluster.port('n1') })
  child.stdout.destroy()
  const client = await cluster.client('n1')
  t.match(await client.put('k', 'v'), { type: 'wrote' }, 'nobody reads its log any more')
  await client.close()
  const ended = new Promise(resolve => child.once('exit', resolve))
  child.kill('SIGINT')
  t.equal(await ended, 0)
})

t.test('what it writes is its owner only, under any umask', async t => {
  const cluster = await oneNode(t)
  const before = process.umask(0)
  await cluster.start('n1')
  process.umask(before)
  await (await cluster.client('n1')).put('k', 'v')
  const found = execFileSync('find', [
    join(cluster.directory, 'nodes', 'n1'),
    '-mindepth',
    '1',
    '-perm',
    '/077',
  ])
  t.equal(found.toString(), '')
})

t.test('with too few open files it says how many it needs, and makes nothing', async t => {
  const cluster = await oneNode(t)
  const args = ['--cluster-file', cluster.clusterFile, '--name', 'n1']
  const command = 'ulimit -n 1000 && exec "$0" "$@"'
  const { status, stdout } = spawnSync(
    'sh',
    ['-c', command, process.execPath, nodeEntry, ...args],
    {
      encoding: 'utf8',
    },
  )
  t.equal(status, 10)
  t.match(stdout, /needs 1234 open files and may have 1000: raise it, as with .*ulimit -n 1234/)
  t.notOk(existsSync(join(cluster.directory, 'nodes', 'n1', 'data.mdb')))
})
