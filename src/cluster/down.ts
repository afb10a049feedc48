/**
 * `kv cluster down`: ends every process of a cluster, paused ones included, whether or not its
 * supervisor lives. Data is kept. An experiment is over with it: all nodes are meant to be up
 * at the next `up`.
 */
import { readdir, rm, rmdir } from 'node:fs/promises'
import type { ClusterFile } from '../core/config.ts'
import { isMissing, isNoRoom } from '../host/private-file.ts'
import { ClusterError } from './cluster-error.ts'
import { pathsOf, requireClusterFile, writeClusterFile } from './cluster-file.ts'
import { type Ending, graceMs, isDeadWithin } from './end-processes.ts'
import { endLeftovers, reachOrLeave, withCommandLock } from './leftovers.ts'
import { holderOf } from './lock-file.ts'
import { readSupervisorFile } from './supervisor-file.ts'
import { requireClosed } from './wipe.ts'

export type DownResult = {
  readonly file: ClusterFile
  /** How each node ended; `gone`: it was not running. */
  readonly endings: ReadonlyMap<string, Ending>
  /** The disk had no room to write that all nodes are meant to be up again. */
  readonly intentsKept: boolean
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
    for (const name of await namesIn(paths.nodes)) requireClosed(directory, name)
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
  return { file, endings, intentsKept: !(await forgetIntents(directory)) }
}

/** False: the disk had no room for it. */
async function forgetIntents(directory: string): Promise<boolean> {
  // Only now: what was under way while the cluster ended has changed the file, too.
  const last = await requireClusterFile(directory)
  if (last.nodes.every(node => node.intent === 'up')) return true
  const nodes = last.nodes.map(node => ({ ...node, intent: 'up' as const }))
  try {
    await writeClusterFile(directory, { ...last, nodes })
    return true
  } catch (problem) {
    if (isNoRoom(problem)) return false
    throw problem
  }
}

/** The supervisor ends its nodes, and then itself; undefined answers are leftovers' business. */
async function askToEnd(
  directory: string,
  file: ClusterFile,
  timeoutMs: number,
): Promise<ReadonlyMap<string, Ending>> {
  const nothing = new Map(file.nodes.map(node => [node.name, 'gone' as const]))
  const control = await reachOrLeave(directory, file, timeoutMs)
  if (control === undefined) return nothing
  const paths = pathsOf(directory)
  try {
    const supervisor =
      (await holderOf(paths.supervisorLock)) ?? (await readSupervisorFile(directory))?.supervisor
    const reply = await control.call({ type: 'down' }, timeoutMs + downMs, 'asked to end its nodes')
    if (supervisor !== undefined) await isDeadWithin(supervisor, graceMs)
    return reply.type === 'ended' ? new Map(reply.endings) : nothing
  } catch (problem) {
    const code = problem instanceof ClusterError ? problem.code : undefined
    // INTERNAL: a process did not die; what is left of it, and of the supervisor, is ended below.
    if (code === 'UNREACHABLE' || code === 'TIMEOUT' || code === 'INTERNAL') return nothing
    throw problem
  } finally {
    control.close()
  }
}

async function namesIn(directory: string): Promise<readonly string[]> {
  return readdir(directory).catch(problem => {
    if (isMissing(problem)) return []
    throw problem
  })
}

/** A directory with other things in it stays. */
async function removeIfEmpty(directory: string): Promise<void> {
  try {
    await rmdir(directory)
  } catch (problem) {
    if ((problem as NodeJS.ErrnoException).code !== 'ENOTEMPTY') throw problem
  }
}
