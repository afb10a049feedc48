/**
 * Files that only their owner may read, replaced as a whole or not at all (`security.md` §2.1):
 * a new file is made beside its name with `wx` and 0600, synced, and renamed over the old one.
 * `writeFile` with a mode would leave an existing file as open as it was, and half of it after a
 * crash. A supervisor does it without waiting, since it has nodes to watch meanwhile; a node that
 * starts has nothing else to do.
 */
import { randomBytes } from 'node:crypto'
import {
  closeSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs'
import { chmod, mkdir, open, readFile, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'

/** The file's text; undefined where there is none. */
export async function readText(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch(undefinedIfMissing)
}

/** The same at once. */
export function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (problem) {
    return undefinedIfMissing(problem)
  }
}

/** Replaces the file; after a crash either the old or the new text is there, never half. */
export async function replacePrivateFile(path: string, text: string): Promise<void> {
  const fresh = besideOf(path)
  try {
    const handle = await open(fresh, 'wx', mode)
    try {
      await handle.writeFile(text)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(fresh, path)
  } catch (problem) {
    // A full disk: what is there of it is of no use.
    await rm(fresh, { force: true })
    throw problem
  }
  if (process.platform === 'win32') return
  const directory = await open(dirname(path), 'r')
  try {
    await directory.sync().catch(ignoreUnsyncable)
  } finally {
    await directory.close()
  }
}

/** The same at once. */
export function replaceFile(path: string, text: string): void {
  const fresh = besideOf(path)
  try {
    const file = openSync(fresh, 'wx', mode)
    try {
      writeSync(file, text)
      fsyncSync(file)
    } finally {
      closeSync(file)
    }
    renameSync(fresh, path)
  } catch (problem) {
    rmSync(fresh, { force: true })
    throw problem
  }
  syncPath(dirname(path))
}

/** Makes the directory and those above it, open to their owner only. */
export async function makePrivateDirectory(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 })
  await chmod(path, 0o700)
}

/** Brings what was written to a file or directory to the disk, so that it outlives a power cut. */
export function syncPath(path: string): void {
  if (process.platform === 'win32') return
  const file = openSync(path, 'r')
  try {
    fsyncSync(file)
  } catch (problem) {
    ignoreUnsyncable(problem)
  } finally {
    closeSync(file)
  }
}

export function isMissing(problem: unknown): boolean {
  return codeOf(problem) === 'ENOENT'
}

/** The disk, or this user's part of it, is full. */
export function isNoRoom(problem: unknown): boolean {
  return ['ENOSPC', 'EDQUOT'].includes(codeOf(problem))
}

function besideOf(path: string): string {
  return `${path}.${randomBytes(6).toString('hex')}.new`
}

function undefinedIfMissing(problem: unknown): undefined {
  if (!isMissing(problem)) throw problem
}

/** Some systems cannot sync a directory; there the rename is as durable as they make it. */
function ignoreUnsyncable(problem: unknown): void {
  if (!['EINVAL', 'EPERM', 'EISDIR'].includes(codeOf(problem))) throw problem
}

function codeOf(problem: unknown): string {
  return String((problem as NodeJS.ErrnoException | undefined)?.code)
}

const mode = 0o600
