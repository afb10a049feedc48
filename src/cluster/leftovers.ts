/**
 * What is there of a cluster before a command acts on it: a supervisor that answers, or what a
 * dead one left behind. Leftovers are ended and never adopted: their data is crash-safe, and
 * one rule covers kill -9 of anything, a reboot and a first start that broke off (ux 4.3).
 */
import { existsSync } from 'node:fs'
import { readdir, rm, rmdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { ClusterFile } from '../core/config.ts'
import { isOf } from '../host/place.ts'
import { isMissing, readText } from '../host/private-file.ts'
import { type ProcessIdentity, readIdentity } from '../host/process-identity.ts'
import { ClusterError } from './cluster-error.ts'
import { pathsOf } from './cluster-file.ts'
import { ControlClient } from './control-client.ts'
import { endProcess, graceMs } from './end-processes.ts'
import { holderOf, takeLock } from './lock-file.ts'
import { readControlSecret } from './secret-file.ts'
import { readSupervisorFile } from './supervisor-file.ts'

/**
 * A connection to the cluster's supervisor; undefined where none answers in time. Throws DENIED,
 * PROTOCOL (it is of another version).
 */
export async function reachSupervisor(
  directory: string,
  file: ClusterFile,
  timeoutMs: number,
): Promise<ControlClient | undefined> {
  const trace = await readSupervisorFile(directory)
  const socket = trace?.socket ?? pathsOf(directory).socket
  const secret = await readControlSecret(directory, file)
  try {
    return await ControlClient.connect(socket, secret, timeoutMs)
  } catch (problem) {
    const code = problem instanceof ClusterError ? problem.code : undefined
    if (code === 'UNREACHABLE' || code === 'TIMEOUT') return undefined
    throw problem
  }
}

/** The same for a command that can end it: one of another version is a leftover, too. */
export async function reachOrLeave(
  directory: string,
  file: ClusterFile,
  timeoutMs: number,
): Promise<ControlClient | undefined> {
  return reachSupervisor(directory, file, timeoutMs).catch(problem => {
    if (problem instanceof ClusterError && problem.code === 'PROTOCOL') return undefined
    throw problem
  })
}

/** Ends every process that an earlier supervisor left, itself first, and removes its traces. */
export async function endLeftovers(directory: string): Promise<void> {
  const paths = pathsOf(directory)
  const trace = await readSupervisorFile(directory)
  const holder = await holderOf(paths.supervisorLock)
  for (const supervisor of [holder, trace?.supervisor]) {
    if (supervisor !== undefined) await endProcess(supervisor, supervisorGraceMs)
  }
  const nodes = [...(trace?.nodes ?? []), ...(await storeHolders(directory))]
  await Promise.all(nodes.map(node => endProcess(node)))
  await requireNoSupervisor(directory)
  await rm(paths.supervisorFile, { force: true })
  await rm(paths.socket, { force: true })
  if (trace === undefined || trace.socket === paths.socket) return
  // One with a short path, in a directory made for it alone.
  await rm(trace.socket, { force: true })
  await rmdir(dirname(trace.socket)).catch(() => undefined)
}

/**
 * Runs alone among the commands that start or end the cluster in this directory. Throws NOT_FOUND
 * (the directory is gone), BUSY.
 */
export async function withCommandLock<Result>(
  directory: string,
  waitMs: number,
  run: () => Promise<Result>,
): Promise<Result> {
  const { clusterFile, commandLock } = pathsOf(directory)
  return withLock(commandLock, waitMs, async () => {
    try {
      return await run()
    } finally {
      // Where there is no cluster, a lock for one is litter.
      if (!existsSync(clusterFile)) await rm(commandLock, { force: true })
    }
  }).catch(problem => {
    if (existsSync(directory)) throw problem
    throw new ClusterError('NOT_FOUND', `there is no cluster in ${directory} any more`)
  })
}

/** Runs alone among all that take this lock. Throws BUSY. */
export async function withLock<Result>(
  path: string,
  waitMs: number,
  run: () => Promise<Result>,
): Promise<Result> {
  const end = performance.now() + waitMs
  for (;;) {
    const taken = takeLock(path)
    if (taken.type === 'held') {
      try {
        return await run()
      } finally {
        taken.release()
      }
    }
    if (performance.now() > end) {
      const who = taken.holder === undefined ? 'another kv' : `kv (process ${taken.holder.pid})`
      throw new ClusterError('BUSY', `${who} is starting or stopping a cluster here`)
    }
    await new Promise(resolve => setTimeout(resolve, pollMs))
  }
}

/** One that this process cannot see, in another container, say: its files are not ours to clear. */
async function requireNoSupervisor(directory: string): Promise<void> {
  const { supervisorLock } = pathsOf(directory)
  if (!existsSync(supervisorLock)) return
  const end = performance.now() + supervisorGraceMs
  for (;;) {
    const taken = takeLock(supervisorLock)
    if (taken.type === 'held') return taken.release()
    if (performance.now() > end) break
    await new Promise(resolve => setTimeout(resolve, pollMs))
  }
  throw new ClusterError(
    'CLUSTER_CONFLICT',
    `a supervisor that does not answer, and cannot be seen from here, has ${directory}: ` +
      'end it where it runs (another container?)',
  )
}

/** A supervisor that is asked to end gives its nodes their time first. */
const supervisorGraceMs = graceMs + 3000
const pollMs = 50

/** Nodes that hold the lock of a store of this cluster, whoever started them. */
async function storeHolders(directory: string): Promise<readonly ProcessIdentity[]> {
  const { nodes, node } = pathsOf(directory)
  const names = await readdir(nodes).catch(problem => {
    if (isMissing(problem)) return []
    throw problem
  })
  const holders = names.map(async name => {
    return storeHolderIn(await readText(join(node(name), 'lock')), node(name))
  })
  return (await Promise.all(holders)).flat()
}

/** A store's lock names its process as pid, start and boot; where these are unknown, nobody. */
function storeHolderIn(text: string | undefined, own: string): readonly ProcessIdentity[] {
  try {
    const fields = Object(JSON.parse(text ?? ''))
    if (!isOf(own, fields)) return []
    const { pid, start, boot } = fields as Readonly<Record<string, unknown>>
    const holder = readIdentity({ pid, startTime: start, bootId: boot })
    return holder === undefined || holder.startTime === '' ? [] : [holder]
  } catch {
    return []
  }
}
