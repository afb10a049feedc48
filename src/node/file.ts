/**
 * Small files that must be whole or absent: written beside their name with mode 0600, synced,
 * renamed (`writeFile` leaves an existing file's mode, and a crash leaves half of it).
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
import { dirname } from 'node:path'
import { errorCode } from './store-error.ts'

/** The file's text; undefined where there is no such file. */
export function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined
    throw error
  }
}

/** Replaces a file as a whole, durably. */
export function replaceFile(path: string, text: string): void {
  const beside = `${path}.${randomBytes(4).toString('hex')}`
  try {
    writeNew(beside, text)
    renameSync(beside, path)
  } catch (error) {
    // A full disk: what is there of it is of no use.
    rmSync(beside, { force: true })
    throw error
  }
  syncPath(dirname(path))
}

/** Writes a file that must not exist yet; throws EEXIST where it does. */
function writeNew(path: string, text: string): void {
  const file = openSync(path, 'wx', 0o600)
  try {
    writeSync(file, text)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}

/** Brings what was written to a file or directory to the disk. */
export function syncPath(path: string): void {
  const file = openSync(path, 'r')
  try {
    fsyncSync(file)
  } catch (error) {
    // Some systems cannot sync a directory; there the rename is as durable as they make it.
    if (!['EINVAL', 'EPERM', 'EISDIR'].includes(errorCode(error))) throw error
  } finally {
    closeSync(file)
  }
}
