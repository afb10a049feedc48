/** `kv node start|stop|kill|restart|pause|resume`: what the supervisor is asked to do. */
import { ClusterError } from './cluster-error.ts'
import { requireClusterFile } from './cluster-file.ts'
import { graceMs } from './end-processes.ts'
import { reachSupervisor } from './leftovers.ts'
import type { Acted, Action } from './node-process.ts'

export type NodeActed = Acted & { readonly node: string; readonly action: Action }

/**
 * Does the action to each node in turn, after a check that all of them exist. Throws
 * UNKNOWN_NODE, UNREACHABLE (no supervisor runs), CLUSTER_CONFLICT, BUSY, TIMEOUT.
 */
export async function actOnNodes(
  directory: string,
  nodes: readonly string[],
  action: Action,
  timeoutMs: number,
): Promise<readonly NodeActed[]> {
  const file = await requireClusterFile(directory)
  const names = file.nodes.map(node => node.name)
  const stranger = nodes.find(node => !names.includes(node))
  if (stranger !== undefined) {
    throw new ClusterError(
      'UNKNOWN_NODE',
      `cluster ${file.name} has no node ${stranger}; it has ${names.join(', ')}`,
    )
  }
  const control = await reachSupervisor(directory, file, timeoutMs)
  if (control === undefined) {
    throw new ClusterError('UNREACHABLE', `cluster ${file.name} is not running`, [
      `kv cluster up ${file.name}`,
    ])
  }
  const done: NodeActed[] = []
  try {
    for (const node of nodes) {
      // A node may take its time to end, and to open its store.
      const callMs = timeoutMs + 2 * graceMs
      const reply = await control.call({ type: 'act', node, action }, callMs, `${action} ${node}`)
      if (reply.type !== 'acted') throw new ClusterError('PROTOCOL', 'no answer to that request')
      done.push({ node, action, from: reply.from, to: reply.to })
    }
    return done
  } finally {
    control.close()
  }
}
