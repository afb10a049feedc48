/**
 * How a process of a cluster is ended, by whoever does it: SIGCONT (a paused process hears no
 * SIGTERM), SIGTERM, five seconds, SIGKILL; each signal only after a check of its identity.
 */
import {
  type Liveness,
  livenessOf,
  type ProcessIdentity,
  signalProcess,
} from '../host/process-identity.ts'

export const graceMs = 5000

/** `gone`: was dead already. `stopped`: by itself, after SIGTERM. `killed`: by SIGKILL. */
export type Ending = 'gone' | 'stopped' | 'killed'

/** Ends exactly this process and returns once it is dead. */
export async function endProcess(
  identity: ProcessIdentity,
  waitMs: number = graceMs,
): Promise<Ending> {
  if (!signalProcess(identity, 'SIGTERM')) return 'gone'
  signalProcess(identity, 'SIGCONT')
  if (await isDeadWithin(identity, waitMs)) return 'stopped'
  signalProcess(identity, 'SIGKILL')
  if (await isDeadWithin(identity, killMs)) return 'killed'
  throw new Error(`process ${identity.pid} does not die of SIGKILL`)
}

/** Whether the process is dead before this time has passed. */
export function isDeadWithin(identity: ProcessIdentity, waitMs: number): Promise<boolean> {
  return becomes(identity, 'dead', waitMs)
}

/** Whether the process is so before this time has passed: a signal works a moment later. */
export async function becomes(
  identity: ProcessIdentity,
  wanted: Liveness,
  waitMs: number,
): Promise<boolean> {
  const end = performance.now() + waitMs
  while (livenessOf(identity) !== wanted) {
    if (performance.now() > end) return false
    await new Promise(resolve => setTimeout(resolve, pollMs))
  }
  return true
}

const pollMs = 15
/** A process in an uninterruptible disk write dies when that is over. */
const killMs = 10_000
