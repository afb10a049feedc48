/**
 * A second start of a store that is open, in other namespaces, with lock files deleted, and beside
 * a port that is taken: refused, and nothing in the directory is changed.
 */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, statSync, unlinkSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { NodeCluster, nodeEntry } from '../helpers/node-processes.ts'

const isolated = ['-fp', '--kill-child', '--mount-proc']
const canIsolate = spawnSync('unshare', [...isolated, '-n', 'true']).status === 0
const skip = canIsolate ? false : 'no namespaces can be made here'

/** Every file but the log and what the running node itself writes: name, inode, time, content. */
function stateOf(directory: string): readonly string[] {
  return readdirSync(directory)
    .filter(name => name !== 'node.log')
    .map(name => {
      const { ino, mtimeMs } = statSync(join(directory, name))
      const hash = createHash('sha1').update(readFileSync(join(directory, name)))
      return `${name} ${ino} ${mtimeMs} ${hash.digest('hex')}`
    })
}

/** Starts the node a second time, by hand; it is to be refused. */
function second(cluster: NodeCluster, unshared: readonly string[] | undefined) {
  const own = [nodeEntry, '--cluster-file', cluster.clusterFile, '--name', 'n1']
  const words = [process.execPath, ...own]
  const [program = '', ...args] =
    unshared === undefined ? words : ['unshare', ...isolated, ...unshared, ...words]
  const env = { PATH: process.env['PATH'] }
  const { status, stdout } = spawnSync(program, args, { encoding: 'utf8', timeout: 60_000, env })
  return { status, stdout }
}

t.test('a node that runs, and others that want its store', async t => {
  const cluster = await NodeCluster.make(t.testdir(), 1)
  t.teardown(() => cluster.end())
  const node = await cluster.start('n1')
  const directory = join(cluster.directory, 'nodes', 'n1')
  const client = await cluster.client('n1')
  t.match(await client.put('k', 'v'), { type: 'wrote' })

  const refuses = async (t: Test, unshared: readonly string[] | undefined) => {
    const before = stateOf(directory)
    t.match(second(cluster, unshared), { status: 10, stdout: /is open in/ })
    t.same(stateOf(directory), before)
    t.match(await client.put('k', 'w'), { type: 'wrote' }, 'and the node goes on')
  }
  await t.test('beside it', t => refuses(t, undefined))
  await t.test('in other pids and another network', { skip }, t => refuses(t, ['-n']))
  await t.test('in other pids, in its network', { skip }, t => refuses(t, []))
  unlinkSync(join(directory, 'lock'))
  unlinkSync(join(directory, 'lock.mdb'))
  await t.test('its lock files are deleted', t => refuses(t, undefined))
  await t.test('the same, from another network', { skip }, t => refuses(t, ['-n']))
  t.same(
    readdirSync(directory).filter(name => name.startsWith('lock')),
    [],
  )
  await client.close()
  t.equal(await cluster.kill(node.name, 'SIGKILL'), 'SIGKILL')
  await cluster.start('n1')
  const again = await cluster.client('n1')
  t.match(await again.get('k'), { type: 'got' }, 'and the store is whole')
  await again.close()
})

t.test('a port that is taken is found before the store is touched', async t => {
  const cluster = await NodeCluster.make(t.testdir(), 1)
  t.teardown(() => cluster.end())
  const { child, ended } = await cluster.start('n1')
  child.kill('SIGTERM')
  t.equal(await ended, 0)
  const directory = join(cluster.directory, 'nodes', 'n1')
  const before = stateOf(directory)
  const server = createServer()
  t.teardown(() => server.close())
  await new Promise<void>(resolve => server.listen(cluster.port('n1'), '127.0.0.1', resolve))
  t.match(second(cluster, undefined), { status: 10, stdout: /port \d+ on 127.0.0.1 is in use/ })
  t.same(stateOf(directory), before)
})
