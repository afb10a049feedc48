/** Whoever starts a supervisor, or a node, may be gone before it begins: then it does not. */
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import t from 'tap'
import { nodeEntry } from '../../src/cluster/spawn.ts'
import { identityOf } from '../../src/host/process-identity.ts'
import { LocalClusters } from '../helpers/local-clusters.ts'

t.setTimeout(300_000)

t.test(
  'up interrupted before its supervisor begins, then down: nothing starts behind it',
  async t => {
    const clusters = await LocalClusters.make(t)
    for (const signal of ['SIGINT', 'SIGKILL'] as const) {
      const name = `late-${signal.toLowerCase()}`
      const directory = clusters.directory(name)
      const up = clusters.start(['cluster', 'up', name, '-n', '3', '--base-port', '0'])
      const ended = new Promise<number | null>(resolve => up.once('close', resolve))
      const entry = join('cluster', 'main.js')
      const starting = () => clusters.processes(`${entry}\0--directory\0${directory}`)
      while (starting().length === 0) await pause(1)
      const [supervisor] = starting()
      // As if the machine were too busy to run it any further.
      process.kill(supervisor!.pid, 'SIGSTOP')
      await pause(300)
      up.kill(signal)
      await ended
      const isDown = await clusters.kv(['cluster', 'down', name])
      t.equal(isDown.exit, 0, isDown.errors)
      if (identityOf(supervisor!.pid) !== undefined) process.kill(supervisor!.pid, 'SIGCONT')
      await pause(1500)
      t.same(clusters.processes(directory), [], signal)
      t.match(await clusters.kv(['cluster', 'status', name]), { exit: 0, text: /DOWN/ })
      await clusters.up(name)
      await clusters.kv(['cluster', 'destroy', name, '--yes'])
    }
  },
)

t.test('down of a copy of a running cluster ends nothing of the original', async t => {
  const clusters = await LocalClusters.make(t)
  await clusters.up('first', '-n', '3')
  await clusters.put('first', { k: 'v' })
  const [original, copy] = [clusters.directory('first'), clusters.directory('copy')]
  execFileSync('cp', ['-a', original, copy])
  const before = clusters.processes(original)
  t.equal(before.length, 4)
  t.match(await clusters.kv(['cluster', 'status', '-c', `${copy}/`]), { exit: 0, text: /DOWN/ })
  t.match(await clusters.kv(['cluster', 'down', '-c', `${copy}/`]), { exit: 0 })
  t.same(clusters.processes(original), before)
  await clusters.holds('first', { k: 'v' })
  t.match(await clusters.kv(['cluster', 'destroy', 'copy', '--yes']), { exit: 0 })
  t.same(clusters.processes(original), before)
  t.match(await clusters.kv(['cluster', 'down', 'first']), { exit: 0 })
  t.same(clusters.processes(original), [])
})

t.test('a node whose supervisor is gone before it began opens no store', async t => {
  const clusters = await LocalClusters.make(t)
  await clusters.up('alone', '-n', '3')
  await clusters.kv(['cluster', 'down', 'alone'])
  const directory = clusters.directory('alone')
  const words = ['--cluster-file', join(directory, 'cluster.json'), '--name', 'n1']
  const before = readFileSync(join(directory, 'nodes', 'n1', 'data.mdb'))
  const child = spawn(process.execPath, [nodeEntry, ...words], {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  })
  child.disconnect()
  const said: string[] = []
  child.stdout?.on('data', chunk => said.push(String(chunk)))
  const [exit] = await once(child, 'exit')
  t.equal(exit, 0)
  t.notMatch(said.join(''), /listening/)
  t.ok(before.equals(readFileSync(join(directory, 'nodes', 'n1', 'data.mdb'))), 'not touched')
})
