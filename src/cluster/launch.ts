/**
 * Starts a cluster's supervisor in a process of its own. Its identity is written down before it may
 * begin: a `down` right behind an `up` that was interrupted ends it, and nothing starts behind that.
 */
import type { ClusterFile } from '../core/config.ts'
import { isNoRoom } from '../host/private-file.ts'
import { signalProcess } from '../host/process-identity.ts'
import { ClusterError } from './cluster-error.ts'
import { pathsOf } from './cluster-file.ts'
import type { ControlClient } from './control-client.ts'
import { lastLines, lastWords } from './last-lines.ts'
import { reachSupervisor } from './leftovers.ts'
import { spawnSupervisor } from './spawn.ts'
import { writeBeginning } from './supervisor-file.ts'

export type LaunchOptions = {
  readonly directory: string
  readonly timeoutMs: number
  readonly signal?: AbortSignal | undefined
}

/** Returns once it answers. Throws CLUSTER_CONFLICT (it ended), TIMEOUT. */
export async function launch(options: LaunchOptions, file: ClusterFile): Promise<ControlClient> {
  const { directory } = options
  const log = pathsOf(directory).supervisorLog
  let gone = false
  const { identity, exited, begin, hasHeard } = spawnSupervisor(directory, log)
  void exited.then(() => {
    gone = true
  })
  if (identity !== undefined) await writeBeginning(directory, identity).catch(ignoreNoRoom)
  begin()
  const end = performance.now() + options.timeoutMs
  while (performance.now() < end) {
    if (options.signal?.aborted === true && !hasHeard()) {
      if (identity !== undefined) signalProcess(identity, 'SIGKILL')
      throw new ClusterError('CANCELLED', 'interrupted; nothing was started')
    }
    options.signal?.throwIfAborted()
    if (gone) throw supervisorFailed(directory)
    const control = await reachSupervisor(directory, file, reachMs)
    if (control !== undefined) return control
    await new Promise(resolve => setTimeout(resolve, pollMs))
  }
  throw new ClusterError('TIMEOUT', `the supervisor of ${file.name} does not answer; see ${log}`)
}

export function supervisorFailed(directory: string): ClusterError {
  const why = lastWords(lastLines(pathsOf(directory).supervisorLog, 1))
  return new ClusterError('CLUSTER_CONFLICT', `the supervisor ended: ${why}`)
}

/** A cluster starts on a full disk, too: its supervisor's trace is a help and no condition. */
function ignoreNoRoom(problem: unknown): void {
  if (!isNoRoom(problem)) throw problem
}

export const reachMs = 2000
const pollMs = 25
