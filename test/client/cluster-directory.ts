import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import t from 'tap'
import {
  addressesOf,
  clusterDirectory,
  clustersDirectory,
  listClusters,
  reachDirectory,
  readCredential,
} from '../../src/client/cluster-directory.ts'
import { clusterJson, writeClusterFiles, writeSecret } from '../helpers/cluster-files.ts'
import { FakeCluster } from '../helpers/fake-cluster.ts'

t.test('clusters live under XDG_DATA_HOME, else under the home directory', async t => {
  t.equal(clustersDirectory({ XDG_DATA_HOME: '/data' }), '/data/kv/clusters')
  const usual = join(homedir(), '.local/share/kv/clusters')
  t.equal(clustersDirectory({}), usual)
  t.equal(clustersDirectory({ XDG_DATA_HOME: 'relative' }), usual, 'as XDG says')
})

t.test('a word is a name, anything with a slash a path', async t => {
  const environment = { XDG_DATA_HOME: '/data' }
  t.equal(clusterDirectory('demo', environment), '/data/kv/clusters/demo')
  t.equal(clusterDirectory('./.kv', environment), resolve('.kv'))
  t.equal(clusterDirectory('.', environment), resolve('.'))
  t.equal(clusterDirectory('/some/where', environment), '/some/where')
  for (const bad of ['', 'Demo', 'con', 'a b', '..x', 'x'.repeat(33)]) {
    t.throws(() => clusterDirectory(bad, environment), { code: 'USAGE' })
  }
})

t.test('lists what has a cluster file, sorted', async t => {
  const home = t.testdir()
  const environment = { XDG_DATA_HOME: home }
  t.same(await listClusters(environment), [])
  const cluster = new FakeCluster(['n1', 'n2', 'n3'])
  const base = join(home, 'kv', 'clusters')
  for (const name of ['zoo', 'abc']) writeClusterFiles(cluster, join(base, name), name)
  mkdirSync(join(base, 'empty'))
  writeFileSync(join(base, 'a-file'), '')
  mkdirSync(join(base, 'Not A Name'))
  t.same(await listClusters(environment), ['abc', 'zoo'])
})

t.test('seeds: the nodes that should be up, else all', async t => {
  const cluster = await FakeCluster.start(['n1', 'n2', 'n3'])
  await cluster.close()
  const directory = t.testdir()
  const credential = writeClusterFiles(cluster, directory)
  const ports = async (intents: readonly string[]) => {
    const file = clusterJson(cluster) as { nodes: object[] }
    const nodes = file.nodes.map((entry, i) => ({ ...entry, intent: intents[i] }))
    writeFileSync(join(directory, 'cluster.json'), JSON.stringify({ ...file, nodes }))
    const reach = await reachDirectory(directory)
    t.match(reach, { cluster: 'demo', id: cluster.id })
    t.same(reach.secret, await readCredential(credential))
    return reach.seeds.map(seed => seed.port)
  }
  const [n1, n2, n3] = cluster.names.map(name => cluster.port(name))
  t.same(await ports(['up', 'up', 'up']), [n1, n2, n3])
  t.same(await ports(['stopped', 'up', 'paused']), [n2])
  t.same(await ports(['stopped', 'killed', 'paused']), [n1, n2, n3])
})

t.test('a secret that others can read is refused, one that the group can read is not', async t => {
  const path = writeSecret(new FakeCluster(['n1']), join(t.testdir(), 'secret.json'))
  for (const mode of [0o600, 0o400]) {
    chmodSync(path, mode)
    t.equal((await readCredential(path)).version, 1)
  }
  const warned = new Promise(resolve => process.once('warning', resolve))
  chmodSync(path, 0o440)
  t.equal((await readCredential(path)).version, 1)
  t.match(await warned, { message: /group can read/ })
  for (const mode of [0o604, 0o644, 0o620, 0o602]) {
    chmodSync(path, mode)
    await t.rejects(readCredential(path), { code: 'DENIED' })
  }
})

t.test('addresses', async t => {
  t.same(addressesOf('127.0.0.1:4701, [::1]:4702'), [
    { host: '127.0.0.1', port: 4701 },
    { host: '::1', port: 4702 },
  ])
  for (const bad of ['', 'demo', 'a:0', 'a:65536', 'a:b', '::1:47', './a:1', 'a:1,', ':1']) {
    t.equal(addressesOf(bad), undefined, bad)
  }
})
