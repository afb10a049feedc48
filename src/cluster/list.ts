/** This user's clusters and whether they run. */
import { clusterDirectory, listClusters } from '../client/cluster-directory.ts'
import { requireClusterFile } from './cluster-file.ts'
import { processesIn } from './status.ts'

export type ListedCluster = {
  readonly name: string
  /** The one that is meant where none is named. */
  readonly current: boolean
  /** unreadable: its files or supervisor cannot be used; `kv cluster status` says why. */
  readonly state: 'up' | 'down' | 'unreadable'
  readonly running: number
  readonly nodes: number
  readonly dir: string
}

/** `current`: what KV_CLUSTER or -c says. */
export async function listed(
  current: string | undefined,
  timeoutMs: number,
): Promise<readonly ListedCluster[]> {
  const names = await listClusters()
  const meant = current ?? (names.length === 1 ? names[0] : undefined)
  return Promise.all(
    names.map(async name => {
      const dir = clusterDirectory(name)
      const found = await look(dir, timeoutMs).catch(() => unreadable)
      return { name, current: name === meant, ...found, dir }
    }),
  )
}

const unreadable = { state: 'unreadable', running: 0, nodes: 0 } as const

async function look(directory: string, timeoutMs: number) {
  const file = await requireClusterFile(directory)
  const { supervisor, nodes } = await processesIn(directory, file, timeoutMs)
  const running = nodes.filter(node => node.state === 'running').length
  const state = supervisor === 'none' && running === 0 ? ('down' as const) : ('up' as const)
  return { state, running, nodes: nodes.length }
}
