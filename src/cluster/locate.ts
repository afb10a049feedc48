/** Which cluster a command means, and which ports this user's other clusters have. */
import { basename, resolve } from 'node:path'
import {
  addressesOf,
  clusterDirectory,
  clustersDirectory,
  listClusters,
} from '../client/cluster-directory.ts'
import { nameOf } from '../core/ids.ts'
import { ClusterError } from './cluster-error.ts'
import { readClusterFile } from './cluster-file.ts'

export type Located = { readonly directory: string; readonly name: string }

/** The directory of a local cluster by name or path; not said: of the only one there is. */
export async function locate(cluster: string | undefined): Promise<string> {
  if (cluster !== undefined) return localDirectory(cluster)
  const names = await listClusters()
  const [name] = names
  if (name === undefined) {
    throw new ClusterError('UNREACHABLE', 'there is no cluster', ['kv cluster up'])
  }
  if (names.length === 1) return clusterDirectory(name)
  throw new ClusterError('USAGE', `which cluster? ${names.join(', ')}: name one, or set KV_CLUSTER`)
}

/** The directories of all clusters of this user. */
export async function allDirectories(): Promise<readonly string[]> {
  return (await listClusters()).map(name => clusterDirectory(name))
}

/** The same for `up`, which may make one: `demo` where nothing is said and nothing is there. */
export async function locateForUp(
  name: string | undefined,
  cluster: string | undefined,
  dir: string | undefined,
): Promise<Located> {
  if (dir !== undefined) {
    const directory = resolve(dir)
    return { directory, name: requireName(name ?? nameOf(basename(directory)) ?? defaultName) }
  }
  if (name !== undefined) return { directory: clusterDirectory(requireName(name)), name }
  const names = cluster === undefined ? await listClusters() : []
  const meant = cluster ?? (names.length === 1 ? names[0] : defaultName)
  const directory = localDirectory(meant ?? defaultName)
  return { directory, name: nameOf(basename(directory)) ?? defaultName }
}

/** Ports pinned by this user's clusters other than the one in `directory`, with their names. */
export async function portsTaken(directory: string): Promise<ReadonlyMap<number, string>> {
  const taken = new Map<number, string>()
  for (const name of await listClusters()) {
    const other = clusterDirectory(name)
    if (other === directory) continue
    // A file that cannot be read must not stop another cluster.
    const file = await readClusterFile(other).catch(() => undefined)
    for (const node of file?.nodes ?? []) taken.set(node.port, name)
  }
  return taken
}

/** What all clusters of this user share. */
export function sharedHome(): string {
  return clustersDirectory()
}

const defaultName = 'demo'

function localDirectory(cluster: string): string {
  if (addressesOf(cluster) === undefined) return clusterDirectory(cluster)
  throw new ClusterError(
    'CLUSTER_CONFLICT',
    `${cluster} is no local cluster: give a name or a path`,
  )
}

function requireName(name: string): string {
  if (nameOf(name) !== undefined) return name
  throw new ClusterError('USAGE', 'a cluster has a name of 1 to 32 of a-z, 0-9 and -')
}
