/**
 * What a cluster that stays does not take over from whoever started it: their directory, which may
 * be deleted, and the settings of their shell. And what it says if a node has lost its own place.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { chmod, mkdir, rename, rm, rmdir } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { pathsOf, requireClusterFile } from '../../src/cluster/cluster-file.ts'
import { startKv } from '../helpers/cli-cluster.ts'
import { killNow, LocalClusters } from '../helpers/local-clusters.ts'

t.setTimeout(600_000)

const callersOwn = {
  NODE_DEBUG: 'net,stream',
  DEBUG: '*',
  FORCE_COLOR: '1',
  KV_SECRET: 'not for you',
}

/** `kv` with such settings, started in a directory that does not outlive it. */
function startThere(clusters: LocalClusters, words: readonly string[], cwd: string) {
  const coverage = join(clusters.home, 'coverage')
  const environment = { ...clusters.environment, ...callersOwn, NODE_V8_COVERAGE: coverage }
  return startKv(words, environment, 'pipe', cwd)
}

t.test(
  'up in the foreground, in a directory that is deleted, with settings of its own',
  async t => {
    const clusters = await LocalClusters.make(t)
    const gone = join(clusters.home, 'gone')
    await mkdir(gone)
    const words = ['cluster', 'up', 'demo', '-n', '3', '--base-port', '0', '--foreground']
    const up = startThere(clusters, words, gone)
    let said = ''
    for (const stream of [up.stdout, up.stderr]) {
      stream?.on('data', chunk => {
        said += chunk
      })
    }
    const ended = new Promise<number | null>(resolve => up.once('close', resolve))
    while (!said.includes('is up')) await pause()
    await rmdir(gone)
    const directory = clusters.directory('demo')
    const states = async () => (await clusters.nodes('demo')).map(({ state }) => state)

    await t.test(
      'the nodes that stay have a chosen environment, and write records only',
      async t => {
        for (const name of ['n1', 'n2', 'n3']) {
          const { pid } = clusters.node('demo', name)
          const environment = readFileSync(`/proc/${pid}/environ`, 'utf8')
          t.notMatch(environment, /NODE_V8|NODE_DEBUG|NODE_OPTIONS|\0?DEBUG=|FORCE_COLOR|KV_|TAP/)
          t.match(environment, /NODE_ENV=production/)
          const log = readFileSync(pathsOf(directory).nodeLog(name), 'utf8').trim().split('\n')
          t.same(
            log.filter(line => !line.startsWith('{"time"')),
            [],
          )
        }
      },
    )
    await t.test('a node that is killed is started again, and so is one on request', async t => {
      await killNow(clusters.node('demo', 'n2'))
      while ((await clusters.nodes('demo'))[1]?.restarts !== 1) await pause()
      while ((await states()).includes('starting')) await pause()
      t.same(await states(), ['running', 'running', 'running'])
      t.match(said, /n2 exited/, 'the foreground reports it')
      const restarted = await clusters.kv(['node', 'restart', 'n3'])
      t.match(restarted, { exit: 0, text: 'n3: running -> running\n' })
    })
    await t.test('a directory of a node that is gone: refused, and a wipe begins anew', async t => {
      await clusters.kv(['node', 'stop', 'n3'])
      await rm(pathsOf(directory).node('n3'), { recursive: true })
      const refused = await clusters.kv(['node', 'start', 'n3'])
      const errors = /^kv: n3 did not start: .*holds no store.*\n {2}try: kv node wipe n3 --start/
      t.match(refused, { exit: 10, errors })
      t.same(readdirSync(pathsOf(directory).node('n3')), ['node.log'])
      await rm(pathsOf(directory).node('n3'), { recursive: true })
      t.match(await clusters.kv(['node', 'wipe', 'n3', '--start']), { exit: 0 })
      t.same(await states(), ['running', 'running', 'running'])
    })
    const skip = process.getuid?.() === 0 ? 'root may open everything' : false
    await t.test('a directory or log that is closed to us is one line', { skip }, async t => {
      const own = pathsOf(directory).node('n3')
      await clusters.kv(['node', 'stop', 'n3'])
      for (const path of [own, pathsOf(directory).nodeLog('n3')]) {
        await chmod(path, 0o000)
        const refused = await clusters.kv(['node', 'start', 'n3'])
        t.match(refused, { exit: 10, errors: /^kv: n3 did not start.*EACCES.*node\.log/ })
        t.equal(refused.errors.split('\n').length, 3)
        await chmod(path, 0o700)
      }
      while ((await states())[2] !== 'running') await pause()
    })
    await t.test('a log that cannot be opened is no crash, and the node comes back', async t => {
      const log = pathsOf(directory).nodeLog('n3')
      await clusters.kv(['node', 'stop', 'n3'])
      await rename(log, `${log}.kept`)
      await mkdir(log)
      const refused = await clusters.kv(['node', 'start', 'n3'])
      t.match(refused, { exit: 10, errors: /^kv: n3 did not start and is tried again.*EISDIR/ })
      const status = await clusters.kv(['cluster', 'status', 'demo'])
      t.match(status.text, /n3 +waiting.*n3: waiting for a process: EISDIR/s)
      t.match(said, /n3 not-started EISDIR/)
      await rmdir(log)
      while ((await states())[2] !== 'running') await pause()
      t.equal((await clusters.nodes('demo'))[2]?.restarts, 0)
    })
    await t.test(
      'down beside restarts and a wipe ends all, and keeps what the wipe did',
      async t => {
        const others = ['restart n1', 'restart n2', 'wipe n3'].map(words =>
          clusters.kv(['node', ...words.split(' ')]),
        )
        const log = () => readFileSync(pathsOf(directory).supervisorLog, 'utf8')
        const before = log().length
        while (!/"event":"(exited|restart|ready|wipe)"/.test(log().slice(before))) await pause()
        t.match(await clusters.kv(['cluster', 'down']), { exit: 0 })
        t.same(clusters.processes(directory), [], 'nothing runs')
        const said = await Promise.all(others)
        t.ok(
          said.every(({ exit }) => [0, 4, 10].includes(exit ?? -1)),
          JSON.stringify(said),
        )
        t.same(clusters.processes(directory), [], 'and nothing was started behind it')
        const { nodes } = await requireClusterFile(directory)
        t.same([...new Set(nodes.map(({ intent }) => intent))], ['up'])
        t.equal(nodes[2]?.store === null, said[2]?.exit === 0, 'as the wipe said')
      },
    )
    t.equal(await ended, 0)
    t.same(clusters.processes(), [])
    const log = readFileSync(pathsOf(directory).supervisorLog, 'utf8').trim().split('\n')
    t.same(
      log.filter(line => !line.startsWith('{"time"')),
      [],
    )
    t.match(log.join('\n'), /"event":"not-started","about":"n3","text":"EISDIR/)
  },
)

function pause(): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, 50))
}
