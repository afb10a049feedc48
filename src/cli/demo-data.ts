/**
 * Real data that is on every machine: the files of the installed packages. Key: the file's path
 * below its `node_modules`; value: its bytes up to 64 KiB.
 */
import { constants } from 'node:fs'
import { open, readdir } from 'node:fs/promises'
import { join, sep } from 'node:path'
import { keyBytesMax } from '../core/ids.ts'

export type DemoRecord = { readonly key: string; readonly value: Uint8Array }

const bytesMax = 64 * 1024 * 1024
/** Records at most: enough to fill the ring, few enough to be read through every node. */
export const recordCountMax = 12_000
const fileBytesMax = 64 * 1024

/** Paths of regular files below the roots, with `/`, sorted; links are not followed. */
export async function demoPaths(root: string): Promise<readonly string[]> {
  const paths: string[] = []
  const walk = async (below: string): Promise<void> => {
    const entries = await readdir(join(root, below), { withFileTypes: true })
    for (const entry of entries) {
      const path = below === '' ? entry.name : `${below}${sep}${entry.name}`
      if (entry.isDirectory()) await walk(path)
      else if (entry.isFile()) paths.push(path)
    }
  }
  await walk('')
  return paths.sort()
}

/**
 * One record a file, spread evenly over all packages where there are too many, until the bound
 * on records or bytes is reached. A file that cannot be read or named is left out.
 */
export async function* demoRecords(
  root: string,
  paths: readonly string[],
): AsyncGenerator<DemoRecord> {
  let bytes = 0
  const stride = Math.max(1, paths.length / recordCountMax)
  for (let i = 0; Math.floor(i * stride) < paths.length; i++) {
    const path = paths[Math.floor(i * stride)] ?? ''
    const key = path.split(sep).join('/')
    if (Buffer.byteLength(key) > keyBytesMax) continue
    const value = await head(join(root, path))
    if (value === undefined) continue
    bytes += value.length
    if (bytes > bytesMax) return
    yield { key, value }
  }
}

/** The file's first 64 KiB; undefined where it went away or is not ours to read. */
async function head(path: string): Promise<Uint8Array | undefined> {
  const file = await open(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0)).catch(
    () => undefined,
  )
  if (file === undefined) return undefined
  try {
    const bytes = new Uint8Array(fileBytesMax)
    let length = 0
    while (length < fileBytesMax) {
      const { bytesRead } = await file.read(bytes, length, fileBytesMax - length)
      if (bytesRead === 0) break
      length += bytesRead
    }
    return bytes.slice(0, length)
  } finally {
    await file.close()
  }
}
