/**
 * `cluster.json`, the desired state of a local cluster (ux 4.2), and the paths beside it. It is
 * read and checked as a whole, and replaced as a whole: a half-written or edited file is refused
 * with every problem named, never repaired by guessing.
 */
import { join } from 'node:path'
import { type ClusterFile, checkClusterFile, type Intent } from '../core/config.ts'
import { readText, replacePrivateFile } from '../host/private-file.ts'
import { ClusterError } from './cluster-error.ts'

/** Where everything of the cluster in this directory lies. */
export function pathsOf(directory: string) {
  return {
    clusterFile: join(directory, 'cluster.json'),
    secretFile: join(directory, 'secret.json'),
    supervisorFile: join(directory, 'supervisor.json'),
    supervisorLock: join(directory, 'supervisor.lock'),
    supervisorLog: join(directory, 'supervisor.log'),
    socket: join(directory, 'control.sock'),
    commandLock: join(directory, 'command.lock'),
    nodes: join(directory, 'nodes'),
    node: (name: string) => join(directory, 'nodes', name),
    nodeLog: (name: string) => join(directory, 'nodes', name, 'node.log'),
  }
}

/** The cluster's file; undefined where there is none. Throws CLUSTER_CONFLICT with every problem. */
export async function readClusterFile(directory: string): Promise<ClusterFile | undefined> {
  const path = pathsOf(directory).clusterFile
  const text = await readText(path)
  if (text === undefined) return undefined
  const checked = checkClusterFile(parseJson(text, path))
  if ('file' in checked) return checked.file
  throw new ClusterError('CLUSTER_CONFLICT', `${path}: ${checked.problems.join('; ')}`)
}

/** The cluster's file; throws NOT_FOUND where there is none. */
export async function requireClusterFile(directory: string): Promise<ClusterFile> {
  const file = await readClusterFile(directory)
  if (file !== undefined) return file
  throw new ClusterError('NOT_FOUND', `there is no cluster in ${directory}`, ['kv cluster list'])
}

/** Replaces the file atomically; 0600. */
export async function writeClusterFile(directory: string, file: ClusterFile): Promise<void> {
  const text = `${JSON.stringify(file, undefined, 2)}\n`
  await replacePrivateFile(pathsOf(directory).clusterFile, text)
}

/** The file with another intent of one node. */
export function withIntent(file: ClusterFile, name: string, intent: Intent): ClusterFile {
  const nodes = file.nodes.map(node => (node.name === name ? { ...node, intent } : node))
  return { ...file, nodes }
}

/** The file with another store of one node; null: whichever it makes next. */
export function withStore(file: ClusterFile, name: string, store: string | null): ClusterFile {
  const nodes = file.nodes.map(node => (node.name === name ? { ...node, store } : node))
  return { ...file, nodes }
}

function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new ClusterError('CLUSTER_CONFLICT', `${path} is not JSON: it was edited or cut off`)
  }
}
