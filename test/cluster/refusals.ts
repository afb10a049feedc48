/** What `kv cluster up` refuses: one clear line, the right exit code, nothing made or changed. */
import { existsSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { requireClusterFile } from '../../src/cluster/cluster-file.ts'
import { newClusterFile, settle } from '../../src/cluster/settings.ts'
import { LocalClusters } from '../helpers/local-clusters.ts'

t.jobs = 2
t.setTimeout(600_000)

async function refused(
  t: Test,
  clusters: LocalClusters,
  words: readonly string[],
  exit: number,
  text: RegExp,
): Promise<void> {
  const ran = await clusters.kv(['cluster', 'up', ...words])
  t.match(ran, { exit, errors: text }, words.join(' '))
  t.equal(ran.text, '')
  t.notMatch(ran.errors, /\n\s+at /, 'no stack')
}

t.test('each setting that may not change is refused with both values', async t => {
  const file = newClusterFile('demo', { nodes: 4 }, 4720, 0)
  const changes = [
    [{ nodes: 6 }, '--nodes is 4, asked for 6', true],
    [{ replicas: 2 }, '--replicas is 3, asked for 2', true],
    [{ partitions: 512 }, '--partitions is 256, asked for 512', true],
    [{ fallbacks: 'all' }, '--fallbacks is 3, asked for all', true],
    [{ basePort: 4900 }, '--base-port is 4720, asked for 4900', true],
    [{ readQuorum: 1 }, '-r is 2, asked for 1', false],
    [{ writeQuorum: 3 }, '-w is 2, asked for 3', false],
    [{ durability: 'committed' }, '--durability is durable, asked for committed', false],
    [{ readRepair: 'off' }, '--read-repair is blocking, asked for off', false],
    [{ hintQuota: 5e8 }, '--hint-quota is 10%, asked for 500000000B', false],
  ] as const
  for (const [wanted, text, fixed] of changes) {
    const refusal = { code: 'SETTINGS_DIFFER', message: text }
    t.throws(() => settle(file, wanted, true), refusal, 'while it runs')
    if (fixed) t.throws(() => settle(file, wanted, false), refusal, 'while it is down')
    else t.same(settle(file, wanted, false), { ...file, ...wanted })
  }
  const same = { nodes: 4, replicas: 3, partitions: 256, fallbacks: 3, basePort: 0, readQuorum: 2 }
  t.equal(settle(file, same, true), file)
  t.throws(() => settle(file, { readQuorum: 4 }, false), { code: 'USAGE' })
})

t.test('up with other settings: refused, or taken over where they may change', async t => {
  const clusters = await LocalClusters.make(t)
  await clusters.up('demo', '-n', '4')
  const before = await requireClusterFile(clusters.directory('demo'))
  const fixed = ['-n', '6', '--partitions', '512']
  const both = /--nodes is 4, asked for 6; --partitions is 256, asked for 512/
  await refused(t, clusters, fixed, 10, both)
  await refused(t, clusters, ['-r', '1'], 10, /-r is 2, asked for 1 \(not changed while/)
  const shown = await clusters.json(['cluster', 'up', '-r', '1', '--partitions', '8'], 10)
  t.match(shown, { error: { code: 'SETTINGS_DIFFER', exit: 10, message: /256.*8.*-r is 2/ } })
  const same = ['-n', '4', '--replicas', '3', '-r', '2', '-w', '2', '--partitions', '256']
  t.match(await clusters.kv(['cluster', 'up', 'demo', ...same]), { exit: 0, text: /already up/ })
  await clusters.put('demo', { k: 'v' })
  await clusters.kv(['cluster', 'down'])
  await refused(t, clusters, fixed, 10, both)
  await refused(t, clusters, ['-r', '4'], 2, /quorum/i)
  t.same(clusters.processes(), [])
  t.same(await requireClusterFile(clusters.directory('demo')), before, 'nothing has changed')
  const up = await clusters.json<object>([
    'cluster',
    'up',
    ...['-r', '1', '-w', '3', '--durability', 'committed'],
    ...['--read-repair', '0.1', '--hint-quota', '512MB'],
  ])
  t.match(up, { n: 3, r: 1, w: 3, readRepair: 0.1, hintQuota: 512_000_000, started: true })
  await clusters.holds('demo', { k: 'v' })
  const { durability } = await requireClusterFile(clusters.directory('demo'))
  t.equal(durability, 'committed')
})

t.test('what no cluster can be is exit 2, and nothing is made', async t => {
  const clusters = await LocalClusters.make(t)
  const wrong = [
    [['-n', '2', '--replicas', '3'], /2 nodes cannot hold 3 replicas/],
    [['-n', '2'], /replicas/],
    [['--partitions', '100'], /power of two/],
    [['--fallbacks', 'some'], /fallbacks/],
    [['--read-repair', 'maybe'], /^kv: --read-repair: "maybe" is no way to repair: .*\n$/],
    [['--hint-quota', '10'], /^kv: --hint-quota: "10" is no quota for hints: .*\n$/],
    [['No Name'], /1 to 32 of a-z, 0-9/],
    [['--no-such-flag'], /unknown flag/],
    [['--base-port', '65531'], /no port 65536/],
  ] as const
  for (const [words, text] of wrong) {
    const ran = await clusters.kv(['cluster', 'up', ...words])
    if (words[0] !== '--base-port') t.notOk(existsSync(clusters.directory('demo')))
    t.match(ran, { exit: 2, errors: text, text: '' }, words.join(' '))
  }
  t.notOk(existsSync(join(clusters.directory('demo'), 'cluster.json')))
  t.same(clusters.processes(), [])
})

t.test('a busy port is refused with its holder: a cluster, or a process', async t => {
  const clusters = await LocalClusters.make(t)
  const others = await LocalClusters.make(t)
  await clusters.up('mine', '-n', '3')
  const { basePort } = await requireClusterFile(clusters.directory('mine'))
  const base = ['--base-port', String(basePort)]
  const mine = new RegExp(`port ${basePort + 1} is used by cluster "mine"`)
  await refused(t, clusters, ['next', ...base], 10, mine)
  await refused(t, others, ['next', ...base], 10, mine)
  await clusters.kv(['cluster', 'down', 'mine'])

  const server = createServer()
  t.teardown(() => server.close())
  await new Promise<void>(resolve => server.listen(basePort + 2, '127.0.0.1', resolve))
  const other = new RegExp(`port ${basePort + 2} is in use by process ${process.pid}`)
  await refused(t, others, ['next', ...base], 10, other)
  await refused(t, clusters, ['mine'], 10, other)
  t.same(clusters.processes(), [])
  t.same(others.processes(), [])
  t.notOk(existsSync(join(others.directory('next'), 'cluster.json')))
  await new Promise(resolve => server.close(resolve))
  await clusters.up('mine')
})

t.test('files that cannot be used: edited, cut off, unsafe, stores without them', async t => {
  const clusters = await LocalClusters.make(t)
  await clusters.up('demo', '-n', '3')
  await clusters.kv(['cluster', 'down'])
  const directory = clusters.directory('demo')
  const { chmod, readFile, rename, rm, writeFile } = await import('node:fs/promises')
  const path = join(directory, 'cluster.json')
  const text = await readFile(path, 'utf8')
  await writeFile(path, text.slice(0, 100))
  await refused(t, clusters, ['demo'], 10, /is not JSON/)
  await writeFile(path, text.replace('"replicas": 3', '"replicas": 0'))
  await refused(t, clusters, ['demo'], 10, /replicas/)
  await writeFile(path, text)
  await chmod(join(directory, 'secret.json'), 0o644)
  await refused(t, clusters, ['demo'], 11, /secret\.json/)
  await chmod(join(directory, 'secret.json'), 0o600)
  await rename(path, `${path}.aside`)
  await refused(t, clusters, ['demo'], 10, /cluster.json is gone/)
  await rename(`${path}.aside`, path)
  t.same(clusters.processes(), [])

  await rm(join(directory, 'nodes', 'n2'), { recursive: true })
  const lost = await clusters.kv(['cluster', 'up', 'demo'])
  t.match(lost, { exit: 10, errors: /n2 crashed: .*holds no store/, text: /2 of 3 nodes/ })
  t.match(await clusters.kv(['cluster', 'up', 'demo']), { exit: 10, text: /n2 is crashed/ })
  t.match(await clusters.kv(['put', 'k', 'v']), { exit: 0 }, 'two of three are a quorum')
  t.same(readdirSync(join(directory, 'nodes', 'n2')), ['node.log'], 'no new store was made')
})

t.test('a directory that cannot be made, or a lock that cannot be opened: one line', async t => {
  const clusters = await LocalClusters.make(t)
  const file = join(clusters.home, 'file')
  writeFileSync(file, '')
  await refused(
    t,
    clusters,
    ['--dir', join(file, 'kv'), '-n', '3'],
    10,
    /^kv: \S+ cannot be used: /,
  )
  await clusters.up('demo', '-n', '3')
  const lock = join(clusters.directory('demo'), 'supervisor.lock')
  const text = readFileSync(lock, 'utf8')
  rmSync(lock)
  symlinkSync(lock, lock)
  // A loop of links stands for what the rights of files forbid: this test may be run by root.
  t.match(await clusters.kv(['cluster', 'down', 'demo']), { exit: 1, errors: /ELOOP/ }, 'it ends')
  rmSync(lock)
  writeFileSync(lock, text)
})
