/**
 * `kv cluster down`: ends every process of a cluster, paused ones included, whether or not its
 * supervisor lives. Data is kept. An experiment is over with it: all nodes are meant to be up
 * at the next `up`.
 */
import { rm } from 'node:fs/promises'
import type { ClusterFile } from '../core/config.ts'
import { pathsOf, requireClusterFile, writeClusterFile } from './cluster-file.ts'
import { type Ending, graceMs, isDeadWithin } from './end-processes.ts'
import { endLeftovers, reachSupervisor, withCommandLock } from './leftovers.ts'
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
  return withCommandLock(directory, timeoutMs + downMs, () => endAll(directory, timeoutMs))
}

/** Ends the cluster and removes its directory with all data. */
export async function destroy(directory: string, timeoutMs: number): Promise<void> {
  await requireClusterFile(directory)
  await withCommandLock(directory, timeoutMs + downMs, async () => {
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
  await rmdirIfEmpty(directory)
}
