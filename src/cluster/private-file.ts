/**
 * Files that only their owner may read, replaced as a whole or not at all (`security.md` §2.1):
 * a new file is made with `wx` and 0600, synced, and renamed over the old one. `writeFile` with
 * a mode would leave an existing file as open as it was.
 */
import { randomBytes } from 'node:crypto'
import { chmod, mkdir, open, readFile, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'

/** Replaces the file; after a crash either the old or the new text is there, never half. */
export async function replacePrivateFile(path: string, text: string): Promise<void> {
  const fresh = `${path}.${randomBytes(6).toString('hex')}.new`
  try {
    await writeNew(fresh, text)
    await rename(fresh, path)
  } catch (problem) {
    await rm(fresh, { force: true })
    throw problem
  }
  await syncDirectory(dirname(path))
}

/** Makes the file, or throws EEXIST where it is there already. */
async function writeNew(path: string, text: string): Promise<void> {
  const handle = await open(path, 'wx', 0o600)
  try {
    await handle.writeFile(text)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** The file's text; undefined where there is none. */
export async function readText(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (problem) {
    if (isMissing(problem)) return undefined
    throw problem
  }
}

/** Makes the directory and those above it, open to their owner only. */
export async function makePrivateDirectory(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 })
  await chmod(path, 0o700)
}

export function isMissing(problem: unknown): boolean {
  return (problem as NodeJS.ErrnoException | undefined)?.code === 'ENOENT'
}

/** The disk, or this user's part of it, is full. */
export function isNoRoom(problem: unknown): boolean {
  const code = (problem as NodeJS.ErrnoException | undefined)?.code
  return code === 'ENOSPC' || code === 'EDQUOT'
}

/** So that the rename itself outlives a power cut. */
async function syncDirectory(path: string): Promise<void> {
  if (process.platform === 'win32') return
  const handle = await open(path, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
