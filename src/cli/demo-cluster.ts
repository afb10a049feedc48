/**
 * A cluster of its own for the demo: in a temporary directory, under a supervisor in this very
 * process, so that even a demo that is killed leaves no node behind (nodes end with their
 * supervisor).
 */
import { rmSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ClusterFile } from '../core/config.ts'
import { CliError } from './cli-error.ts'

export type DemoCluster = {
  readonly directory: string
  readonly nodes: readonly string[]
  /** Ends a node's process as a power cut would. */
  readonly kill: (node: string) => Promise<void>
}

const nodeCount = 5
const startMs = 30_000
const pollMs = 20

/** Starts five nodes, works with them, and leaves nothing behind whatever happens. */
export async function withDemoCluster<Result>(
  signal: AbortSignal,
  work: (cluster: DemoCluster) => Promise<Result>,
): Promise<Result> {
  const home = await mkdtemp(join(tmpdir(), 'kv-demo-'))
  const atExit = () => rmSync(home, { recursive: true, force: true })
  process.once('exit', atExit)
  try {
    return await supervised(home, signal, work)
  } finally {
    await rm(home, { recursive: true, force: true, maxRetries: 5 })
    process.removeListener('exit', atExit)
  }
}

async function supervised<Result>(
  home: string,
  signal: AbortSignal,
  work: (cluster: DemoCluster) => Promise<Result>,
): Promise<Result> {
  const directory = join(home, 'demo')
  const { prepared } = await import('../cluster/up.ts')
  const { runSupervisor } = await import('../cluster/run-supervisor.ts')
  const options = {
    directory,
    name: 'demo',
    wanted: { nodes: nodeCount, basePort: 0 },
    timeoutMs: startMs,
    taken: new Map<number, string>(),
    home,
  }
  const { file, supervisor } = await prepared(options, async ({ file }) => ({
    file,
    supervisor: await runSupervisor(directory, () => undefined),
  }))
  try {
    await untilRunning(directory, file, signal)
    const nodes = file.nodes.map(node => node.name)
    return await work({ directory, nodes, kill: node => kill(directory, file, node) })
  } finally {
    await supervisor.stop()
  }
}

async function untilRunning(
  directory: string,
  file: ClusterFile,
  signal: AbortSignal,
): Promise<void> {
  const { processesOf } = await import('../cluster/until-ready.ts')
  const { lastWords } = await import('../cluster/last-lines.ts')
  const end = performance.now() + startMs
  await withControl(directory, file, async control => {
    for (;;) {
      signal.throwIfAborted()
      const nodes = await processesOf(control, startMs)
      const crashed = nodes.find(({ state }) => state === 'crashed' || state === 'waiting')
      if (crashed !== undefined) {
        const why = crashed.waitsFor ?? lastWords(crashed.lastLines)
        throw new CliError('INTERNAL', `${crashed.name} did not start: ${why}`)
      }
      if (nodes.every(node => node.state === 'running')) return
      if (performance.now() > end) throw new CliError('TIMEOUT', 'the nodes did not start in time')
      await new Promise(resolve => setTimeout(resolve, pollMs))
    }
  })
}

async function kill(directory: string, file: ClusterFile, node: string): Promise<void> {
  await withControl(directory, file, control =>
    control.call({ type: 'act', node, action: 'kill' }, startMs, `kill ${node}`),
  )
}

type Control = NonNullable<
  Awaited<ReturnType<typeof import('../cluster/leftovers.ts')['reachSupervisor']>>
>

async function withControl<Result>(
  directory: string,
  file: ClusterFile,
  work: (control: Control) => Promise<Result>,
): Promise<Result> {
  const { reachSupervisor } = await import('../cluster/leftovers.ts')
  const control = await reachSupervisor(directory, file, startMs)
  if (control === undefined) throw new CliError('UNREACHABLE', 'the supervisor does not answer')
  try {
    return await work(control)
  } finally {
    control.close()
  }
}
