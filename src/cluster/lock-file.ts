/**
 * Locks of a cluster's directory: two `up`s at once, or two supervisors, must not both go on. The
 * kernel holds them, so there is no stale one; the file names the holder for messages, and stays,
 * empty, when nobody has it: on a full disk there may be no room to make another.
 */
import { dirname } from 'node:path'
import { isBusy, lockFile } from '../host/kernel-lock.ts'
import { NoFileLocks } from '../host/native-locks.ts'
import { isOf, placeOf } from '../host/place.ts'
import { readText } from '../host/private-file.ts'
import {
  identityOf,
  livenessOf,
  type ProcessIdentity,
  readIdentity,
} from '../host/process-identity.ts'
import { ClusterError } from './cluster-error.ts'

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
  const directory = dirname(path)
  if (isBusy(taken)) return { type: 'busy', holder: holderIn(taken.text, directory) }
  const own = { ...identityOf(process.pid), directory: placeOf(directory) }
  taken.write(`${JSON.stringify(own)}\n`)
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
  return holderIn((await readText(path)) ?? '', dirname(path))
}

function refusing<Result>(lock: () => Result): Result {
  try {
    return lock()
  } catch (problem) {
    if (problem instanceof NoFileLocks) throw new ClusterError('STORE_REFUSED', problem.message)
    throw problem
  }
}

/** A copy of a directory brings the lock of another one, whose holder is none of ours. */
function holderIn(text: string, directory: string): ProcessIdentity | undefined {
  try {
    const fields: unknown = JSON.parse(text)
    const holder = isOf(directory, fields) ? readIdentity(fields) : undefined
    return holder !== undefined && livenessOf(holder) !== 'dead' ? holder : undefined
  } catch {
    return undefined
  }
}
