/**
 * The lock of a data directory. LMDB lets two nodes share one directory, which would hand out
 * the same dots twice. The lock is a file that names its holder; it outlives a crash, and so it
 * also tells the next start that the last stop was not clean.
 *
 * Taking over a dead holder's lock: the claim's name carries the dead lock's token, so for each
 * dead lock one claim can exist; whoever made it looks again that the lock is still that one,
 * renames the claim over it and reads it back.
 */
import { randomBytes } from 'node:crypto'
import { linkSync, renameSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { textOf, writeNew } from './file.ts'
import { isRunning, ownProcess, type ProcessIdentity } from './process-identity.ts'
import { errorCode, StoreRefused } from './store-error.ts'

export type Lock = {
  /** A lock was left behind: the last run did not stop cleanly. */
  readonly wasLeft: boolean
  /** Removes the file, after a clean stop. */
  readonly release: () => void
  /** Lets go without removing it: the next start still sees an unclean stop. */
  readonly abandon: () => void
}

/** Takes the lock, or throws StoreRefused that names the process which has it. */
export function takeLock(directory: string): Lock {
  const path = join(directory, 'lock')
  for (let attempt = 0; attempt < attemptsMax; attempt++) {
    const own = newHolder(directory)
    if (claim(path, own)) return lockOf(path, own, false)
    const found = readHolder(path)
    if (found === undefined) continue
    if (isHeld(found)) throw heldBy(directory, found, own)
    if (takeOver(path, found, own)) return lockOf(path, own, true)
  }
  throw new StoreRefused(`${path} changes hands again and again: start one node at a time`)
}

type Holder = ProcessIdentity & {
  readonly token: string
  /** Device and inode of the directory: a copied directory brings the lock of another one. */
  readonly directory: string
}

function newHolder(directory: string): Holder {
  const { dev, ino } = statSync(directory)
  const token = randomBytes(8).toString('hex')
  return { ...ownProcess(), token, directory: `${dev}:${ino}` }
}

/** Makes the file with its whole content, or not at all where the name is taken. */
function claim(path: string, own: Holder): boolean {
  const text = `${JSON.stringify(own)}\n`
  const beside = `${path}.${own.token}`
  try {
    writeNew(beside, text)
    try {
      linkSync(beside, path)
    } catch (error) {
      // A file system without hard links: half a lock may be seen for an instant.
      if (!['EPERM', 'ENOTSUP', 'ENOSYS', 'EMLINK'].includes(errorCode(error))) throw error
      writeNew(path, text)
    }
    return true
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false
    throw error
  } finally {
    rmSync(beside, { force: true })
  }
}

function takeOver(path: string, dead: Holder, own: Holder): boolean {
  const claimPath = `${path}.after-${dead.token}`
  if (!claim(claimPath, own)) {
    const claimant = readHolder(claimPath)
    // A claimant that died between two system calls; its claim is of no use to anyone.
    if (claimant !== undefined && !isHeld(claimant)) rmSync(claimPath, { force: true })
    return false
  }
  if (readHolder(path)?.token !== dead.token) {
    rmSync(claimPath, { force: true })
    return false
  }
  renameSync(claimPath, path)
  return readHolder(path)?.token === own.token
}

/** The holder that a lock file names. One that cannot be read names nobody alive. */
function readHolder(path: string): Holder | undefined {
  const text = textOf(path)
  if (text === undefined) return undefined
  let fields: Partial<Record<keyof Holder, unknown>> = {}
  try {
    fields = JSON.parse(text) ?? {}
  } catch {
    // Half a file, from a crash while it was written: `fields` stays empty.
  }
  const { pid, start, boot, token, directory } = fields
  const word = (value: unknown): string => (typeof value === 'string' ? value : '')
  return {
    pid: typeof pid === 'number' && Number.isSafeInteger(pid) && pid > 0 ? pid : 0,
    start: word(start),
    boot: word(boot),
    token: /^[0-9a-f]{16}$/.test(word(token)) ? word(token) : 'unreadable',
    directory: word(directory),
  }
}

function isHeld(holder: Holder): boolean {
  if (holder.pid === 0) return false
  if (holder.pid === process.pid && isRunning(holder)) return held.has(holder.token)
  return isRunning(holder)
}

function heldBy(directory: string, holder: Holder, own: Holder): StoreRefused {
  if (holder.directory !== own.directory) {
    return new StoreRefused(
      `${directory} is a copy of a directory that process ${holder.pid} has open; ` +
        'stop that node first, or remove the copy',
    )
  }
  return new StoreRefused(
    `${directory} is open in process ${holder.pid}; stop that node first` +
      (own.boot === '' ? ', or remove the file "lock" if no such node runs' : ''),
  )
}

function lockOf(path: string, own: Holder, wasLeft: boolean): Lock {
  held.add(own.token)
  const abandon = (): void => {
    held.delete(own.token)
  }
  const release = (): void => {
    abandon()
    if (readHolder(path)?.token === own.token) rmSync(path, { force: true })
  }
  return { wasLeft, release, abandon }
}

/** Tokens of the locks that this process holds. */
const held = new Set<string>()
const attemptsMax = 20
