/**
 * Locks on files that the kernel holds for this process. A name in a file is no lock: its holder
 * may be dead, or live where its pid means another process (a container), and whoever clears what
 * looks stale may clear what is fresh. The kernel knows who lives, in every namespace, and gives a
 * lock back in the moment in which its holder is gone. What stands in the file is for people.
 */
import {
  closeSync,
  constants,
  fstatSync,
  ftruncateSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs'
import { loadTryLock, type TryLock } from './native-locks.ts'

export type FileLock = {
  /** What stood in the file; undefined: there was none, it was made for this lock. */
  readonly found: string | undefined
  /** Replaces what stands in the file. If the disk has no room for it, it is empty. */
  readonly write: (text: string) => void
  /** Gives the lock back; the file stays. */
  readonly close: () => void
  /** Gives the lock back and removes the file. */
  readonly remove: () => void
}

/** Somebody else has the lock; `text` is what stands in a lock file. */
type Busy = { readonly busy: true; readonly text: string }

/**
 * Locks the file, which is made if there is none; one that is locked is left as it is. Throws a
 * system error: the directory is missing, the file system cannot lock, this machine cannot
 * (NoFileLocks).
 */
export function lockFile(path: string): FileLock | Busy {
  loaded()
  for (;;) {
    const opened = openExisting(path, noFollow) ?? makeNew(path)
    const taken = opened === undefined ? undefined : lockOpened(path, opened, textIn)
    if (taken !== undefined) return taken
  }
}

/** The same for a file that is there for something else; undefined if there is none. */
export function lockExisting(path: string): FileLock | Busy | undefined {
  loaded()
  for (;;) {
    const opened = openExisting(path, 0)
    if (opened === undefined) return undefined
    const taken = lockOpened(path, opened, () => '')
    if (taken !== undefined) return taken
  }
}

export function isBusy(taken: FileLock | Busy | undefined): taken is Busy {
  return taken !== undefined && 'busy' in taken
}

let tryLock: TryLock | undefined

/** Asked for before a file is opened: a machine that cannot lock makes none. */
function loaded(): TryLock {
  tryLock ??= loadTryLock()
  return tryLock
}

type Opened = { readonly fd: number; readonly made: boolean }

/** undefined: the name means another file by now, which may be locked. */
function lockOpened(
  path: string,
  { fd, made }: Opened,
  read: (fd: number) => string,
): FileLock | Busy | undefined {
  if (!locks(fd)) {
    const text = read(fd)
    closeSync(fd)
    return { busy: true, text }
  }
  // Its last holder may have removed it between the opening and the lock.
  if (isStill(path, fd)) return lockOf(path, fd, made ? undefined : read(fd))
  closeSync(fd)
  return undefined
}

function textIn(fd: number): string {
  return readFileSync(fd, 'utf8')
}

function openExisting(path: string, flags: number): Opened | undefined {
  try {
    return { fd: openSync(path, constants.O_RDWR | flags), made: false }
  } catch (problem) {
    if (codeOf(problem) === 'ENOENT') return undefined
    throw problem
  }
}

/** undefined: somebody was quicker. */
function makeNew(path: string): Opened | undefined {
  const { O_RDWR, O_CREAT, O_EXCL } = constants
  try {
    return { fd: openSync(path, O_RDWR | O_CREAT | O_EXCL | noFollow, 0o600), made: true }
  } catch (problem) {
    if (codeOf(problem) === 'EEXIST') return undefined
    throw problem
  }
}

function locks(fd: number): boolean {
  try {
    return loaded()(fd)
  } catch (problem) {
    // What some systems say instead of EAGAIN.
    if (codeOf(problem) === 'EACCES' || codeOf(problem) === 'EBUSY') return false
    closeSync(fd)
    throw problem
  }
}

function isStill(path: string, fd: number): boolean {
  const named = statSync(path, { throwIfNoEntry: false })
  const held = fstatSync(fd)
  return named?.ino === held.ino && named.dev === held.dev
}

function lockOf(path: string, fd: number, found: string | undefined): FileLock {
  return {
    found,
    write: text => {
      try {
        ftruncateSync(fd)
        writeSync(fd, text, 0)
      } catch (problem) {
        if (!['ENOSPC', 'EDQUOT'].includes(codeOf(problem) ?? '')) throw problem
      }
    },
    close: () => closeSync(fd),
    remove: () => {
      if (isStill(path, fd)) rmSync(path)
      closeSync(fd)
    },
  }
}

/** A link in the place of a lock would be somebody else's file. */
const noFollow = constants.O_NOFOLLOW ?? 0

function codeOf(problem: unknown): string | undefined {
  return (problem as NodeJS.ErrnoException | undefined)?.code
}
