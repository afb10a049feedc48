/**
 * Which process is meant: a pid alone is reused, so an identity is pid, start time and boot id,
 * compared before any signal (`reliability-store-wire.md` §4). A zombie counts as dead, although
 * `kill(pid, 0)` says that it lives. Linux tells through /proc, other Unixes through `ps`.
 */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

export type ProcessIdentity = {
  readonly pid: number
  /** Opaque: ticks since boot, or the text of `ps`. */
  readonly startTime: string
  readonly bootId: string
}

/** `paused`: stopped by SIGSTOP. */
export type Liveness = 'running' | 'paused' | 'dead'

/** Who this pid is now; undefined where it is nobody, or a zombie. */
export function identityOf(pid: number): ProcessIdentity | undefined {
  const seen = look(pid)
  if (seen === undefined || isDeadState(seen.state)) return undefined
  return { pid, startTime: seen.startTime, bootId: bootId() }
}

/** Whether exactly this process lives, and whether it is stopped. */
export function livenessOf(identity: ProcessIdentity): Liveness {
  if (identity.bootId !== bootId()) return 'dead'
  const seen = look(identity.pid)
  if (seen === undefined || isDeadState(seen.state)) return 'dead'
  if (seen.startTime !== identity.startTime) return 'dead'
  return /^[Tt]/.test(seen.state) ? 'paused' : 'running'
}

/** Does that very process still run? */
export function isRunning(identity: ProcessIdentity): boolean {
  // Where nothing tells one boot from another, it is some process under this pid, or nobody.
  if (bootId() === '' || identity.bootId === '') return answersSignal(identity.pid)
  return livenessOf(identity) !== 'dead'
}

/** Sends the signal to exactly this process; false where it is gone. */
export function signalProcess(identity: ProcessIdentity, signal: NodeJS.Signals): boolean {
  if (livenessOf(identity) === 'dead') return false
  try {
    return process.kill(identity.pid, signal)
  } catch (problem) {
    if ((problem as NodeJS.ErrnoException).code === 'ESRCH') return false
    throw problem
  }
}

/** An identity out of a file's JSON; undefined where it is none. */
export function readIdentity(value: unknown): ProcessIdentity | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const { pid, startTime, bootId } = value as Readonly<Record<string, unknown>>
  if (typeof pid !== 'number' || !Number.isInteger(pid) || pid <= 1) return undefined
  if (typeof startTime !== 'string' || typeof bootId !== 'string') return undefined
  return { pid, startTime, bootId }
}

type Seen = { readonly state: string; readonly startTime: string }

function look(pid: number): Seen | undefined {
  return process.platform === 'linux' ? lookInProc(pid) : lookWithPs(pid)
}

/** Fields 3 and 22 of stat, counted behind the last `)`: a program's name may hold anything. */
function lookInProc(pid: number): Seen | undefined {
  let stat: string
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
  } catch {
    return undefined
  }
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return { state: fields[0] ?? 'X', startTime: fields[19] ?? '' }
}

/** Exported for its test on Linux. */
function lookWithPs(pid: number): Seen | undefined {
  let line: string
  try {
    const env = { PATH: process.env['PATH'] ?? '/usr/bin:/bin', LC_ALL: 'C' }
    const args = ['-o', 'state=,lstart=', '-p', String(pid)]
    line = execFileSync('ps', args, { encoding: 'utf8', env, stdio: ['ignore', 'pipe', 'ignore'] })
  } catch {
    return undefined
  }
  const [state, ...startTime] = line.trim().split(/\s+/)
  return state === undefined ? undefined : { state, startTime: startTime.join(' ') }
}

function isDeadState(state: string): boolean {
  return /^[ZXx]/.test(state)
}

function answersSignal(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (problem) {
    return (problem as NodeJS.ErrnoException).code === 'EPERM'
  }
}

let knownBootId: string | undefined

/** '' where nothing tells it. */
export function bootId(): string {
  knownBootId ??= readBootId()
  return knownBootId
}

function readBootId(): string {
  if (process.platform === 'linux') {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim()
  }
  if (process.platform !== 'darwin') return ''
  return execFileSync('sysctl', ['-n', 'kern.bootsessionuuid'], { encoding: 'utf8' }).trim()
}
