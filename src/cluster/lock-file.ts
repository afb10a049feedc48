/**
 * Locks of a cluster's directory: two `up`s at once, or two supervisors, must not both go on. The
 * kernel holds them, so there is no stale one; the file names the holder for messages, and stays,
 * empty, when nobody has it: on a full disk there may be no room to make another.
 */
import { isBusy, lockFile } from '../host/kernel-lock.ts'
import { NoFileLocks } from '../host/native-locks.ts'
import { ClusterError } from './cluster-error.ts'
import { readText } from './private-file.ts'
import { identityOf, livenessOf, type ProcessIdentity, readIdentity } from './process-identity.ts'

export type LockResult =
  | { readonly type: 'held'; readonly release: () => void }
  /** undefined: nobody that can be seen from here. */
  | { readonly type: 'busy'; readonly holder: ProcessIdentity | undefined }

/**
 * Takes the lock, or says who has it. Throws STORE_REFUSED (this machine cannot lock files), or a
 * system error if the directory is missing.
 */
export function takeLock(path: string): LockResult {
  const taken = refusing(() => lockFile(path))
  if (isBusy(taken)) return { type: 'busy', holder: holderIn(taken.text) }
  taken.write(`${JSON.stringify(identityOf(process.pid) ?? {})}\n`)
  return {
    type: 'held',
    release: () => {
      taken.write('')
      taken.close()
    },
  }
}

/** The process that the lock names, as far as it can be seen from here; undefined: nobody. */
export async function holderOf(path: string): Promise<ProcessIdentity | undefined> {
  return holderIn((await readText(path)) ?? '')
}

function refusing<Result>(lock: () => Result): Result {
  try {
    return lock()
  } catch (problem) {
    if (problem instanceof NoFileLocks) throw new ClusterError('STORE_REFUSED', problem.message)
    throw problem
  }
}

function holderIn(text: string): ProcessIdentity | undefined {
  try {
    const holder = readIdentity(JSON.parse(text))
    return holder !== undefined && livenessOf(holder) !== 'dead' ? holder : undefined
  } catch {
    return undefined
  }
}
