/**
 * The check of a doubtful store, run in a child process, and the quarantine of one that failed
 * it: a file `quarantined` in the directory, with the reason. While it is there every start is
 * refused at once, without another scan; a person removes it after a repair.
 */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { childEnvironment } from '../host/child-environment.ts'
import { replaceFile, textOf } from '../host/private-file.ts'
import { fieldsOf } from './identity.ts'
import { StoreRefused, StoreWithoutRoom } from './store-error.ts'

/** How `open-check.ts` ends, if it does. */
export const checkExits = { damaged: 3, noRoom: 4 } as const

/** Throws StoreRefused where the directory is in quarantine. */
export function refuseQuarantined(directory: string): void {
  const reason = textOf(join(directory, 'quarantined'))
  if (reason !== undefined) throw quarantinedFor(directory, reason.trim())
}

/** Opens and reads the whole store in a child; damage puts the directory into quarantine. */
export async function checkStore(directory: string): Promise<void> {
  const end = await runCheck(directory)
  if (end.code === 0) return
  if (end.code === checkExits.noRoom)
    throw new StoreWithoutRoom(`no room on the disk of ${directory}: free some bytes`)
  const reason = damageIn(end)
  if (reason === undefined) {
    const how = end.signal ?? `exit code ${end.code}`
    throw new StoreRefused(`the check of ${directory} did not finish (${how}): start again`)
  }
  replaceFile(join(directory, 'quarantined'), `${reason}\n`)
  throw quarantinedFor(directory, reason)
}

type End = {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly output: string
}

function runCheck(directory: string): Promise<End> {
  const entry = fileURLToPath(new URL('./open-check.js', import.meta.url))
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [entry, directory], {
      stdio: ['ignore', 'pipe', 'ignore'],
      cwd: directory,
      env: childEnvironment(),
    })
    let output = ''
    child.stdout.on('data', (chunk: Buffer) => {
      if (output.length < outputMax) output += chunk.toString('latin1')
    })
    child.on('error', reject)
    child.on('close', (code, signal) => resolve({ code, signal, output }))
  })
}

/** What the check found; undefined where it was stopped from outside or could not run. */
function damageIn({ code, signal, output }: End): string | undefined {
  if (signal !== null) {
    return crashSignals.has(signal) ? `reading it crashes (${signal})` : undefined
  }
  if (code !== null && code >= windowsCrash) return `reading it crashes (${code.toString(16)})`
  if (code !== checkExits.damaged) return undefined
  const fault = fieldsOf(output, 'the report of the check')['fault']
  return typeof fault === 'string' ? fault : 'the check found damage'
}

function quarantinedFor(directory: string, reason: string): StoreRefused {
  return new StoreRefused(
    `${directory} is damaged and left as it is: ${reason}; restore it from a backup and remove ` +
      'its file "quarantined", or move the directory away to give the node a new store',
  )
}

const outputMax = 4096
/** Windows ends a crashed process with such a code instead of a signal. */
const windowsCrash = 0xc0000000
const crashSignals: ReadonlySet<string> = new Set([
  'SIGSEGV',
  'SIGBUS',
  'SIGABRT',
  'SIGILL',
  'SIGFPE',
  'SIGTRAP',
])
