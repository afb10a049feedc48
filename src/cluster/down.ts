/**
 * `kv cluster down`: ends every process of a cluster, paused ones included, whether or not its
 * supervisor lives. Data is kept. An experiment is over with it: all nodes are meant to be up
 * at the next `up`.
 */
import { rm, rmdir } from 'node:fs/promises'
import type { ClusterFile } from '../core/config.ts'
import { ClusterError } from './cluster-error.ts'
import { pathsOf, requireClusterFile, writeClusterFile } from './cluster-file.ts'
import { type Ending, graceMs, isDeadWithin } from './end-processes.ts'
import { endLeftovers, reachSupervisor, withLock } from './leftovers.ts'
import { holderOf } from './lock-file.ts'
import { readSupervisorFile } from './supervisor-file.ts'

export type DownResult = {
  readonly file: ClusterFile
  /** How each node ended; `gone`: it was not running. */
  readonly endings: ReadonlyMap<string, Ending>
}

/** Throws NOT_FOUND, CLUSTER_CONFLICT (an unreadable file), BUSY, DENIED. */
export async function bringDown(directory: string, timeoutMs: number): Promise<DownResult> {
  await requireClusterFile(directory)
  return withLock(pathsOf(directory).commandLock, timeoutMs + downMs, () =>
    endAll(directory, timeoutMs),
  )
}

/** Ends the cluster and removes its directory with all data. */
export async function destroy(directory: string, timeoutMs: number): Promise<void> {
  await requireClusterFile(directory)
  await withLock(pathsOf(directory).commandLock, timeoutMs + downMs, async () => {
    await endAll(directory, timeoutMs)
    const paths = pathsOf(directory)
    // Only what is ours: `--dir` may name a directory that holds other things, too.
    await rm(paths.clusterFile, { force: true })
    for (const path of [paths.nodes, paths.secretFile, paths.supervisorLock]) {
      await rm(path, { recursive: true, force: true })
    }
    await rm(paths.supervisorLog, { force: true })
    await rm(`${paths.supervisorLog}.1`, { force: true })
  })
  await removeIfEmpty(directory)
}

/** What other commands that start or end the cluster may still need. */
const downMs = 2 * graceMs

async function endAll(directory: string, timeoutMs: number): Promise<DownResult> {
  const file = await requireClusterFile(directory)
  const endings = await askToEnd(directory, file, timeoutMs)
  await endLeftovers(directory)
  const nodes = file.nodes.map(node => ({ ...node, intent: 'up' as const }))
  if (file.nodes.some(node => node.intent !== 'up')) {
    await writeClusterFile(directory, { ...(await requireClusterFile(directory)), nodes })
  }
  return { file, endings }
}

/** The supervisor ends its nodes, and then itself; undefined answers are leftovers' business. */
async function askToEnd(
  directory: string,
  file: ClusterFile,
  timeoutMs: number,
): Promise<ReadonlyMap<string, Ending>> {
  const nothing = new Map(file.nodes.map(node => [node.name, 'gone' as const]))
  const control = await reachSupervisor(directory, file, timeoutMs)
  if (control === undefined) return nothing
  const paths = pathsOf(directory)
  const supervisor =
    (await holderOf(paths.supervisorLock)) ?? (await readSupervisorFile(directory))?.supervisor
  try {
    const reply = await control.call({ type: 'down' }, timeoutMs + downMs, 'asked to end its nodes')
    if (supervisor !== undefined) await isDeadWithin(supervisor, graceMs)
    return reply.type === 'ended' ? new Map(reply.endings) : nothing
  } catch (problem) {
    const code = problem instanceof ClusterError ? problem.code : undefined
    if (code === 'UNREACHABLE' || code === 'TIMEOUT') return nothing
    throw problem
  } finally {
    control.close()
  }
}

/** A directory with other things in it stays. */
async function removeIfEmpty(directory: string): Promise<void> {
  try {
    await rmdir(directory)
  } catch (problem) {
    if ((problem as NodeJS.ErrnoException).code !== 'ENOTEMPTY') throw problem
  }
}
