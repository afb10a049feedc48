/** What `kv node wipe` deletes: all that a node has, but its log, which tells how it came to it. */
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { pathsOf } from './cluster-file.ts'

/** The node must not run. */
export async function wipeNode(directory: string, name: string): Promise<void> {
  const own = pathsOf(directory).node(name)
  for (const entry of await readdir(own)) {
    if (!/^node\.log(\.\d+)?$/.test(entry)) await rm(join(own, entry), { recursive: true })
  }
}
