/**
 * A lock that names its holder: two `up`s at once, or two supervisors, must not both go on.
 * The file is made with `wx` and holds the process's identity and a random token; it is stale
 * once that process is gone (kill -9, reboot). A stale lock is taken away by renaming it, which
 * only one taker can do, and given back where it turns out to be a newer one.
 */
import { randomBytes } from 'node:crypto'
import { link, readFile, rename, rm } from 'node:fs/promises'
import { isMissing, readText, writeNew } from './private-file.ts'
import { identityOf, livenessOf, type ProcessIdentity, readIdentity } from './process-identity.ts'

export type LockResult =
  | { readonly type: 'held'; readonly lock: Lock }
  /** undefined: its holder cannot be read (yet). */
  | { readonly type: 'busy'; readonly holder: ProcessIdentity | undefined }

type Lock = { readonly release: () => Promise<void> }

/** Takes the lock, or says who has it. Throws where the directory is missing. */
export async function takeLock(path: string): Promise<LockResult> {
  const self = identityOf(process.pid)
  if (self === undefined) throw new Error('cannot read the identity of this process')
  const token = randomBytes(8).toString('hex')
  for (let attempt = 0; attempt < attemptsMax; attempt++) {
    try {
      await writeNew(path, `${JSON.stringify({ ...self, token })}\n`)
      return { type: 'held', lock: { release: () => release(path, token) } }
    } catch (problem) {
      if ((problem as NodeJS.ErrnoException).code !== 'EEXIST') throw problem
    }
    const text = await readText(path)
    if (text === undefined) continue
    const holder = holderIn(text)
    if (holder !== undefined && livenessOf(holder) !== 'dead') return { type: 'busy', holder }
    if (holder === undefined && (await isFresh(path, text))) {
      return { type: 'busy', holder: undefined }
    }
    await removeStale(path, text)
  }
  return { type: 'busy', holder: undefined }
}

/** Who holds the lock now; undefined: nobody that lives. */
export async function holderOf(path: string): Promise<ProcessIdentity | undefined> {
  const text = await readText(path)
  const holder = text === undefined ? undefined : holderIn(text)
  return holder !== undefined && livenessOf(holder) !== 'dead' ? holder : undefined
}

const attemptsMax = 5
/** A holder writes its name right after making the file; one that died in between is stale. */
const unwrittenMs = 500

async function release(path: string, token: string): Promise<void> {
  const text = await readText(path)
  if (text?.includes(token)) await rm(path, { force: true })
}

function holderIn(text: string): ProcessIdentity | undefined {
  try {
    return readIdentity(JSON.parse(text))
  } catch {
    return undefined
  }
}

/** A file without a readable holder may be one that is being written. */
async function isFresh(path: string, text: string): Promise<boolean> {
  await new Promise(resolve => setTimeout(resolve, unwrittenMs))
  return (await readText(path)) !== text
}

async function removeStale(path: string, text: string): Promise<void> {
  const aside = `${path}.${randomBytes(6).toString('hex')}.stale`
  try {
    await rename(path, aside)
  } catch (problem) {
    if (isMissing(problem)) return
    throw problem
  }
  if ((await readFile(aside, 'utf8')) !== text) {
    // Somebody was quicker: this lock is theirs and alive. EEXIST: a third one has it by now.
    await link(aside, path).catch(() => undefined)
  }
  await rm(aside, { force: true })
}
