/** What a used cluster leaves where others could look: modes of files, and secrets in the open. */
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { pathsOf } from '../../src/cluster/cluster-file.ts'
import { parseSecret, type SecretFile } from '../../src/wire/secret.ts'
import { killNow, LocalClusters } from '../helpers/local-clusters.ts'

t.setTimeout(600_000)

const canary = 'canary-of-a-value-0123456789'

/** Everything that a user does, crashes and refusals included. */
async function use(t: Test, clusters: LocalClusters): Promise<void> {
  await clusters.up('demo', '-n', '3')
  const kv = async (exit: number, ...words: string[]) => {
    t.match(await clusters.kv(words), { exit }, words.join(' '))
  }
  await kv(0, 'put', 'k', canary)
  await kv(0, 'get', 'k', '-v')
  await kv(2, 'put', 'k', canary, '--context', 'AAAA')
  await kv(0, 'cluster', 'status')
  await kv(0, 'node', 'pause', 'n1')
  await kv(0, 'node', 'resume', 'n1')
  await kv(0, 'node', 'stop', 'n1')
  await kv(0, 'node', 'start', 'n1')
  await killNow(clusters.node('demo', 'n2'))
  await killNow(clusters.supervisor('demo'))
  await clusters.up('demo')
  await kv(0, 'cluster', 'down')
  await clusters.up('demo', '-r', '1')
  const directory = clusters.directory('demo')
  const other = join(clusters.home, 'other.json')
  const text = readFileSync(join(directory, 'secret.json'), 'utf8')
  writeFileSync(other, text.replaceAll(/"key": "[0-9a-f]{4}/g, '"key": "0000'), { mode: 0o600 })
  const [node] = JSON.parse(readFileSync(join(directory, 'cluster.json'), 'utf8')).nodes
  await kv(11, 'get', 'k', '-c', `127.0.0.1:${node.port}`, '--credential', other)
}

t.test('find -perm /077 over a used cluster finds nothing, whatever the umask', async t => {
  for (const umask of [0o022, 0]) {
    const clusters = await LocalClusters.make(t)
    const before = process.umask(umask)
    try {
      await use(t, clusters)
    } finally {
      process.umask(before)
    }
    const root = join(clusters.home, 'data', 'kv')
    const open = () => execFileSync('find', [root, '-perm', '/077'], { encoding: 'utf8' })
    t.equal(open(), '')
    t.ok(readdirSync(clusters.directory('demo')).includes('control.sock'), 'it runs')
    await clusters.kv(['cluster', 'down'])
    t.equal(open(), '')
    writeFileSync(join(root, 'planted'), '', { mode: 0o640 })
    t.equal(open(), `${join(root, 'planted')}\n`, 'it would be found')
  }
})

t.test('no secret in files but its own, in command lines, environments, output', async t => {
  const clusters = await LocalClusters.make(t)
  Object.assign(clusters.environment, { KV_CANARY: canary })
  await use(t, clusters)
  const directory = clusters.directory('demo')
  const { secretFile, supervisorLog, nodeLog } = pathsOf(directory)
  const secret = parseSecret(readFileSync(secretFile, 'utf8'))
  if ('problem' in secret) throw new Error(secret.problem)
  const needles = needlesOf(secret)
  t.equal(needles.length, 3 * 5)

  const files = readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .map(file => join(directory, file))
    .filter(file => statSync(file).isFile() && file !== secretFile)
  t.ok(files.length >= 3 * 3 + 4, `${files.length} files`)
  for (const file of files) t.same(found(readFileSync(file), needles), [], file)
  const processes = clusters.processes()
  t.equal(processes.length, 4)
  for (const { pid } of processes) {
    for (const what of ['cmdline', 'environ']) {
      const bytes = readFileSync(`/proc/${pid}/${what}`)
      t.ok(bytes.length > 0)
      t.same(found(bytes, [...needles, Buffer.from(canary)]), [], what)
    }
  }
  for (const file of [supervisorLog, ...['n1', 'n2', 'n3'].map(nodeLog)]) {
    t.same(found(readFileSync(file), [Buffer.from(canary)]), [], `no value in ${file}`)
  }
  for (const words of [['status'], ['list'], ['logs'], ['logs', '--json'], ['status', '--json']]) {
    const { stdout, errors } = await clusters.kv(['cluster', ...words])
    t.same(found(Buffer.concat([stdout, Buffer.from(errors)]), needles), [], words.join(' '))
  }
  // The search itself: it finds what is there.
  t.equal(found(readFileSync(secretFile), needles).length, 3)
  const store = readFileSync(join(directory, 'nodes', 'n1', 'data.mdb'))
  t.equal(found(store, [Buffer.from(canary)]).length, 1, 'a value is in its store')
})

/** Each key of the secret as it could stand somewhere: raw, hex, base64, as msgpack, as JSON. */
function needlesOf(secret: SecretFile): readonly Buffer[] {
  const keys = [...secret.network, ...secret.context, secret.digest].map(({ key }) => key)
  return keys.flatMap(key => {
    const raw = Buffer.from(key, 'latin1')
    const hex = raw.toString('hex')
    return [
      // Half of it is enough, so that a frame or an escape in the middle hides nothing.
      raw.subarray(0, 12),
      raw.subarray(-12),
      Buffer.from(hex),
      Buffer.from(hex.toUpperCase()),
      Buffer.from(raw.toString('base64').slice(0, 20)),
    ]
  })
}

function found(bytes: Buffer, needles: readonly Buffer[]): readonly string[] {
  return needles.filter(needle => bytes.includes(needle)).map(needle => needle.toString('hex'))
}
