/** Waits for what `kv cluster up` has started: until each node is ready, or known not to become so. */
import type { ClusterFile } from '../core/config.ts'
import { ClusterError } from './cluster-error.ts'
import type { ControlClient } from './control-client.ts'
import { supervisorFailed } from './launch.ts'
import { askNodes } from './node-answers.ts'
import type { NodeProcess } from './node-process.ts'

export type ReadyOptions = {
  /** Absolute. */
  readonly directory: string
  readonly timeoutMs: number
  readonly signal?: AbortSignal | undefined
  /** Called when a node is ready, or is known not to become so. */
  readonly onNode?: ((node: NodeProcess, port: number, readyMs: number) => void) | undefined
}

export async function untilReady(
  options: ReadyOptions,
  file: ClusterFile,
  control: ControlClient,
  begun: number,
): Promise<readonly NodeProcess[]> {
  const end = begun + options.timeoutMs
  const told = new Set<string>()
  for (;;) {
    options.signal?.throwIfAborted()
    const left = Math.max(1, end - performance.now())
    const nodes = await processesOf(control, left).catch(problem => {
      throw problem.code === 'UNREACHABLE' ? supervisorFailed(options.directory) : problem
    })
    for (const node of nodes) {
      if (node.state === 'starting' || node.state === 'stopped' || told.has(node.name)) continue
      told.add(node.name)
      const port = file.nodes.find(entry => entry.name === node.name)?.port ?? 0
      options.onNode?.(node, port, Math.round(performance.now() - begun))
    }
    if (nodes.every(node => isSettled(node, file))) return nodes
    if (performance.now() > end) throw notReady(nodes, file, options.timeoutMs)
    await pause()
  }
}

/**
 * Waits a moment for the nodes to have found each other, so that the first request after `up`
 * has all its replicas. Nodes that cannot are `status`'s business, not a failure of `up`.
 */
export async function untilLinked(
  options: ReadyOptions,
  file: ClusterFile,
  nodes: readonly NodeProcess[],
): Promise<void> {
  const running = nodes.filter(node => node.state === 'running').map(node => node.name)
  const end = performance.now() + linkMs
  while (performance.now() < end) {
    options.signal?.throwIfAborted()
    const answers = [...(await askNodes(options.directory, file, running, linkMs)).values()]
    const linked = answers.filter(answer => answer.connected.length >= running.length - 1)
    if (linked.length === running.length) return
    await pause()
  }
}

/** The processes of a cluster as its supervisor sees them. */
export async function processesOf(
  control: ControlClient,
  timeoutMs: number,
): Promise<readonly NodeProcess[]> {
  const reply = await control.call({ type: 'processes' }, timeoutMs, 'asked for its nodes')
  return reply.type === 'processes-are' ? reply.nodes : []
}

function isSettled(node: NodeProcess, file: ClusterFile): boolean {
  if (node.state === 'starting') return false
  // A supervisor that has only begun has not started everybody yet.
  const wanted = file.nodes.find(entry => entry.name === node.name)?.intent
  return node.state !== 'stopped' || wanted !== 'up'
}

function notReady(
  nodes: readonly NodeProcess[],
  file: ClusterFile,
  timeoutMs: number,
): ClusterError {
  const late = nodes.filter(node => !isSettled(node, file)).map(node => node.name)
  return new ClusterError(
    'TIMEOUT',
    `not ready after ${timeoutMs} ms: ${late.join(', ')}; starting goes on`,
    [`kv cluster status -c ${file.name}`, `kv cluster logs -c ${file.name}`],
  )
}

function pause(): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, pollMs))
}

const pollMs = 25
const linkMs = 1500
