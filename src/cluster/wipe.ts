/** What `kv node wipe` deletes: all that a node has, but its log, which tells how it came to it. */
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type FileLock, isBusy, lockExisting } from '../host/kernel-lock.ts'
import { isMissing } from '../host/private-file.ts'
import { ClusterError } from './cluster-error.ts'
import { pathsOf } from './cluster-file.ts'

/** If nothing is there, it is done. Throws CLUSTER_CONFLICT: somebody has it open, or it stays. */
export async function wipeNode(directory: string, name: string): Promise<void> {
  const own = pathsOf(directory).node(name)
  const locks = lockStore(own)
  try {
    for (const entry of await readdir(own)) {
      if (!/^node\.log(\.\d+)?$/.test(entry)) await rm(join(own, entry), { recursive: true })
    }
  } catch (problem) {
    if (!isMissing(problem)) throw cannotEmpty(own, problem)
  } finally {
    for (const lock of locks) lock.close()
  }
}

/** Throws CLUSTER_CONFLICT if a node that nobody here supervises has its store open. */
export function requireClosed(directory: string, name: string): void {
  for (const lock of lockStore(pathsOf(directory).node(name))) lock.close()
}

/** As a node does before it opens its store. */
function lockStore(own: string): readonly FileLock[] {
  const locks: FileLock[] = []
  try {
    for (const file of ['data.mdb', 'lock']) {
      const taken = lockExisting(join(own, file))
      if (isBusy(taken)) {
        const text = `${own} is open in a process that is not this cluster's: stop that node first`
        throw new ClusterError('CLUSTER_CONFLICT', text)
      }
      if (taken !== undefined) locks.push(taken)
    }
    return locks
  } catch (problem) {
    for (const lock of locks) lock.close()
    throw problem instanceof ClusterError ? problem : cannotEmpty(own, problem)
  }
}

function cannotEmpty(own: string, problem: unknown): ClusterError {
  const text = problem instanceof Error ? problem.message : String(problem)
  return new ClusterError('CLUSTER_CONFLICT', `${own} cannot be emptied: ${text}`)
}
