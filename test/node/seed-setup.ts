/** Nodes that know a name, a directory, a credential and some addresses, and nothing else. */
import type { ChildProcess } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import t, { type Test } from 'tap'
import { connect } from '../../src/client/index.ts'
import type { NodeId } from '../../src/core/ids.ts'
import { startKv } from '../helpers/cli-cluster.ts'
import { NodeCluster } from '../helpers/node-processes.ts'

type Line = Readonly<Record<string, unknown>>

/** `kv node run`, its log lines as they come. */
class BareNode {
  readonly child: ChildProcess
  readonly lines: Line[] = []
  readonly ended: Promise<number | null>
  #more: () => void = () => undefined

  constructor(t: Test, words: readonly string[]) {
    this.child = startKv(['node', 'run', ...words])
    this.ended = new Promise(resolve => this.child.once('close', resolve))
    createInterface({ input: this.child.stdout! }).on('line', line => {
      this.lines.push(JSON.parse(line) as Line)
      this.#more()
    })
    t.teardown(() => this.child.kill('SIGKILL'))
  }

  async logged(event: string): Promise<Line> {
    for (;;) {
      const found = this.lines.find(line => line['event'] === event)
      if (found !== undefined) return found
      await new Promise<void>(resolve => {
        this.#more = resolve
      })
    }
  }

  async stop(): Promise<void> {
    this.child.kill('SIGTERM')
    await this.ended
  }
}

async function started(t: Test, count = 3) {
  const home = mkdtempSync(join(tmpdir(), 'kv-seeds-'))
  t.teardown(() => rmSync(home, { recursive: true, force: true }))
  const cluster = await NodeCluster.make(home, count)
  t.teardown(() => cluster.end())
  await cluster.startAll()
  const credential = join(cluster.directory, 'secret.json')
  const seeds = cluster.file.nodes.map(node => `127.0.0.1:${node.port}`)
  return { cluster, credential, seeds }
}

t.test(
  'a stranger learns the cluster, is told that it is none of it, and owns nothing',
  async t => {
    const { cluster, credential, seeds } = await started(t)
    const dir = join(t.testdir(), 'n9')
    const words = ['--name', 'n9', '--dir', dir, '--credential', credential]
    const stranger = new BareNode(t, [...words, '--seeds', seeds.join(',')])
    await stranger.logged('no-member')
    const port = (await stranger.logged('listening'))['port']
    const kv = await connect({ seeds: [`127.0.0.1:${port}`], credential })
    t.equal((await kv.put('k', 'v')).outcome.primaryAcks.length >= 2, true, 'the members answer')
    t.same(
      (await kv.view()).members.map(member => member.id),
      ['n1', 'n2', 'n3'],
    )
    await kv.close()
    await stranger.stop()
    const kept = JSON.parse(readFileSync(join(dir, 'node.json'), 'utf8'))
    t.match(kept, { cluster: cluster.file.id, name: 'n9', port, settings: { partitions: 64 } })
    t.equal(statSync(join(dir, 'node.json')).mode & 0o077, 0)
    const again = new BareNode(t, words)
    t.equal((await again.logged('listening'))['port'], port, 'what it learnt it kept')
    await again.logged('no-member')
    await again.stop()
  },
)

t.test('a member that is started by hand on its directory takes its place', async t => {
  const { cluster, credential, seeds } = await started(t)
  await cluster.kill('n3', 'SIGTERM')
  const dir = join(cluster.directory, 'nodes', 'n3')
  const words = ['--name', 'n3', '--dir', dir, '--credential', credential]
  const node = new BareNode(t, [...words, '--seeds', seeds.join(',')])
  await node.logged('listening')
  const kv = await connect({ seeds, credential })
  t.teardown(() => kv.close())
  for (;;) {
    const { beliefs } = await kv.gossip('n1')
    const status = beliefs.find(belief => belief.node === ('n3' as NodeId))?.status
    if (status === 'alive' && (await kv.put('k', 'v', { w: 3 }).catch(() => undefined))) break
  }
  await node.stop()
  for (;;) {
    const { beliefs } = await kv.gossip('n1')
    if (beliefs.find(belief => belief.node === 'n3')?.status === 'left') break
  }
})

t.test('what cannot be is refused in one line', async t => {
  const { cluster, credential, seeds } = await started(t, 1)
  const other = await started(t, 1)
  const dir = join(t.testdir(), 'n9')
  const refusal = async (...words: string[]) => {
    const node = new BareNode(t, ['--name', 'n9', '--dir', dir, ...words])
    const exit = await node.ended
    return `${exit}: ${node.lines.find(line => line['event'] === 'refused')?.['text']}`
  }
  const by = (secret: string, to: readonly string[]) =>
    refusal('--credential', secret, '--seeds', to.join(','))
  t.match(await by(credential, ['127.0.0.1:1']), /^10: no seed answers/)
  t.match(await by(other.credential, seeds), /^10: no seed answers/, "another cluster's secret")
  const open = ['--credential', credential, '--listen', '0.0.0.0:4701']
  t.match(await refusal(...open), /^10: refusing to listen on 0.0.0.0:4701/)
  const node = new BareNode(t, [
    ...['--name', 'n9', '--dir', dir, '--credential', credential, '--seeds', seeds[0]!],
  ])
  await node.logged('listening')
  await node.stop()
  t.match(await by(other.credential, other.seeds), /^10: .* belongs to cluster/)
  const words = ['--name', 'n8', '--dir', dir, '--credential', credential]
  t.equal(await new BareNode(t, words).ended, 10, "another node's directory")
  writeFileSync(join(dir, 'node.json'), '{')
  t.match(await by(credential, seeds), /^10: .*node.json is damaged/)
  await cluster.end()
})
