/** What can be said of the process of a node, and what can be asked to be done to it. */

/**
 * How a node's process is; whether the node is well is the node's to say. `waiting`: there is no
 * process, for something outside of the node is missing, and it is tried again until it is there.
 */
export const processStates = [
  'starting',
  'running',
  'paused',
  'stopped',
  'killed',
  'crashed',
  'waiting',
] as const
export type ProcessState = (typeof processStates)[number]

export const actions = ['start', 'stop', 'kill', 'restart', 'pause', 'resume', 'wipe'] as const
export type Action = (typeof actions)[number]

export type NodeProcess = {
  readonly name: string
  readonly state: ProcessState
  readonly pid: number | undefined
  /** Milliseconds since 1970 of this process's start; undefined: none runs. */
  readonly startedAt: number | undefined
  /** Starts after a crash since the supervisor began. */
  readonly restarts: number
  /** Of a node that waits: for what. */
  readonly waitsFor: string | undefined
  /** Of a crashed node: the end of its log, at most 20 lines. */
  readonly lastLines: readonly string[]
}

export type Acted = { readonly from: ProcessState; readonly to: ProcessState }

/** A line for the supervisor's own log; `about` names a node. */
export type Report = (
  event: string,
  detail: Readonly<Record<string, string | number>>,
  level?: 'info' | 'warn' | 'error',
) => void
