/**
 * Which process is this? A pid alone is reused within minutes; a pid, the time its process
 * started and the machine's boot name one process for good. All three come from /proc. Where
 * there is none, boot and start are '' and only "is some process alive under this pid" is left.
 */

import { textOf } from './file.ts'
import { errorCode } from './store-error.ts'

export type ProcessIdentity = {
  readonly pid: number
  /** Clock ticks from boot to the process's start, '' where unknown. */
  readonly start: string
  /** The machine's boot id, '' where unknown. */
  readonly boot: string
}

export function ownProcess(): ProcessIdentity {
  return { pid: process.pid, start: processState(process.pid)?.start ?? '', boot: bootId() }
}

export function bootId(): string {
  return textOf('/proc/sys/kernel/random/boot_id')?.trim() ?? ''
}

/** Does that very process still run? A zombie does not. */
export function isRunning(identity: ProcessIdentity): boolean {
  const boot = bootId()
  if (boot === '' || identity.boot === '') return answersSignal(identity.pid)
  if (identity.boot !== boot) return false
  const state = processState(identity.pid)
  if (state === undefined || state.letter === 'Z' || state.letter === 'X') return false
  return state.start === identity.start
}

type State = { readonly letter: string; readonly start: string }

/** State and start time from /proc; the command's name before them may hold spaces and `)`. */
function processState(pid: number): State | undefined {
  const text = statTextOf(pid)
  if (text === undefined) return undefined
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  return { letter: fields[0] ?? '', start: fields[19] ?? '' }
}

function statTextOf(pid: number): string | undefined {
  try {
    return textOf(`/proc/${pid}/stat`)
  } catch (error) {
    // The process ended between the opening and the reading of its file.
    if (errorCode(error) === 'ESRCH') return undefined
    throw error
  }
}

function answersSignal(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return errorCode(error) === 'EPERM'
  }
}
