/**
 * The lock of a data directory. LMDB lets two nodes share one directory, which would hand out
 * the same dots twice. The kernel holds the lock, twice: on the file `lock`, and on the data file,
 * which nobody can delete to be let in. The file also names its holder, and outlives a crash: so
 * it tells the next start that the last stop was not clean.
 */
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { type FileLock, isBusy, lockExisting, lockFile } from '../host/kernel-lock.ts'
import { placeOf } from '../host/place.ts'
import { textOf } from '../host/private-file.ts'
import { bootId, identityOf, isRunning, type ProcessIdentity } from '../host/process-identity.ts'
import { StoreRefused } from './store-error.ts'

export type Lock = {
  /** A lock was left behind: the last run did not stop cleanly. */
  readonly wasLeft: boolean
  /** Names this process in the file; from here on the next start sees an unclean stop. */
  readonly sign: () => void
  /** Locks a data file that was made since the lock was taken. */
  readonly guardData: () => void
  /** Gives everything back as it was found: the store was not opened. */
  readonly giveBack: () => void
  /** Removes the file, after a clean stop. Without this the process has the lock until it ends. */
  readonly release: () => void
}

/** Takes the lock, or throws StoreRefused that names the process which has it. */
export function takeLock(directory: string): Lock {
  const path = join(directory, 'lock')
  const data = lockData(directory)
  let file: FileLock | undefined
  try {
    const taken = lockFile(path)
    if (isBusy(taken)) throw heldBy(directory, taken.text)
    file = taken
    refuseOthers(directory, file.found)
    return lockOf(directory, data, file)
  } catch (problem) {
    if (file !== undefined) leave(file, false)
    data?.close()
    throw problem
  }
}

type Holder = ProcessIdentity & {
  /** Device and inode of the directory: a copied directory brings the lock of another one. */
  readonly directory: string
  /** The kernel holds its lock. Older versions had none but the name in the file. */
  readonly kernel: boolean
}

function lockData(directory: string): FileLock | undefined {
  const data = lockExisting(join(directory, 'data.mdb'))
  if (isBusy(data)) throw heldBy(directory, textOf(join(directory, 'lock')) ?? '')
  return data
}

function lockOf(directory: string, found: FileLock | undefined, file: FileLock): Lock {
  let data = found
  let signed = false
  const place = placeOf(directory)
  const wasLeft = file.found !== undefined
  return {
    wasLeft,
    sign: () => {
      signed = true
      held.add(place)
      const { pid } = process
      const start = identityOf(pid)?.startTime ?? ''
      const own = { pid, start, boot: bootId(), directory: place, kernel: true }
      // Older versions want a token in it.
      file.write(`${JSON.stringify({ ...own, token: randomBytes(8).toString('hex') })}\n`)
    },
    guardData: () => {
      data ??= lockData(directory)
    },
    giveBack: () => {
      held.delete(place)
      leave(file, signed)
      data?.close()
    },
    release: () => {
      held.delete(place)
      file.remove()
      data?.close()
    },
  }
}

/** As it was found. */
function leave(file: FileLock, signed: boolean): void {
  if (file.found === undefined) return file.remove()
  if (signed) file.write(file.found)
  file.close()
}

/** Whom the file names although the kernel knows of no lock: a copy's origin, or an older node. */
function refuseOthers(directory: string, text: string | undefined): void {
  const holder = text === undefined ? undefined : holderIn(text)
  if (holder === undefined || !isRunning(holder)) return
  if (holder.pid === process.pid && !held.has(holder.directory)) return
  if (holder.directory !== placeOf(directory)) {
    throw new StoreRefused(
      `${directory} is a copy of a directory that process ${holder.pid} has open; ` +
        'stop that node first, or remove the copy',
    )
  }
  if (!holder.kernel) throw heldBy(directory, text ?? '')
}

function heldBy(directory: string, text: string): StoreRefused {
  const holder = holderIn(text)
  const isSeen = holder !== undefined && isRunning(holder)
  const who = isSeen ? `process ${holder.pid}` : 'another process (in a container, perhaps)'
  const isSure = !isSeen || holder.kernel || holder.bootId !== ''
  return new StoreRefused(
    `${directory} is open in ${who}; stop that node first` +
      (isSure ? '' : ', or remove the file "lock" if no such node runs'),
  )
}

/** The holder that a lock file names. One that cannot be read names nobody. */
function holderIn(text: string): Holder | undefined {
  let fields: Partial<Record<string, unknown>>
  try {
    fields = JSON.parse(text) ?? {}
  } catch {
    // Half a file, from a crash while it was written.
    return undefined
  }
  const { pid, start, boot, directory, kernel } = fields
  if (typeof pid !== 'number' || !Number.isSafeInteger(pid) || pid <= 0) return undefined
  const word = (value: unknown): string => (typeof value === 'string' ? value : '')
  return {
    pid,
    startTime: word(start),
    bootId: word(boot),
    directory: word(directory),
    kernel: kernel === true,
  }
}

/** Directories that this process has locked and signed. */
const held = new Set<string>()
