/**
 * How processes of a cluster are started. Standard output and error are descriptors of a log
 * file, never pipes: a pipe's death with its reader would kill the writer by EPIPE, and a detached
 * process survives only so. A process is started in a directory that is its own to keep: the one
 * that the user was in may be deleted at any time, and then nothing more could be started from it.
 */
import { closeSync, existsSync, fstatSync, mkdirSync, openSync, renameSync } from 'node:fs'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { childEnvironment } from '../host/child-environment.ts'
import {
  identityOf,
  type Liveness,
  livenessOf,
  type ProcessIdentity,
  signalProcess,
} from '../host/process-identity.ts'
import { becomes, type Ending, endProcess } from './end-processes.ts'

/** The node's program; started by path, for nothing here may import it. */
export const nodeEntry = fileURLToPath(new URL('../node/main.js', import.meta.url))
const supervisorEntry = fileURLToPath(new URL('./main.js', import.meta.url))

export type Exit = {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  /** Why there never was a process, in one line; undefined: there was one. */
  readonly notStarted?: string | undefined
}

/** A process of a node; one that could not be started is `dead` and has exited. */
export type SpawnedNode = {
  /** undefined: it was dead before it could be looked at. */
  readonly identity: ProcessIdentity | undefined
  readonly exited: Promise<Exit>
  /** Tells the node something over IPC; nothing happens where it is gone. */
  readonly tell: (message: { readonly type: string }) => void
  readonly liveness: () => Liveness
  /** Ends it, at once or with time to end by itself; returns once it is dead. */
  readonly end: (atOnce: boolean) => Promise<Ending>
  /** Stops or continues it; returns when that can be seen. */
  readonly pause: (pause: boolean) => Promise<void>
}

export type NodeToSpawn = {
  readonly entry: string
  readonly clusterFile: string
  readonly name: string
  readonly log: string
}

/** Starts one node with IPC to this process: the node ends itself when this process is gone. */
export function spawnNode(node: NodeToSpawn, onMessage: (message: unknown) => void): SpawnedNode {
  try {
    return spawnWithLog(node, onMessage)
  } catch (problem) {
    return neverStarted(lineOf(problem))
  }
}

/**
 * Starts the process of a supervisor, which outlives this one. It begins once it is told to, so
 * that what ends a cluster knows of it by then, and ends by itself if nobody tells it.
 */
export function spawnSupervisor(directory: string, log: string) {
  const fd = openLog(log)
  const child = execa(process.execPath, [supervisorEntry, '--directory', directory], {
    stdin: 'ignore',
    stdout: fd,
    stderr: fd,
    ipc: true,
    detached: true,
    cleanup: false,
    buffer: false,
    reject: false,
    cwd: '/',
    env: childEnvironment(),
    extendEnv: false,
  })
  closeSync(fd)
  child.unref()
  child.channel?.unref()
  return {
    identity: child.pid === undefined ? undefined : identityOf(child.pid),
    exited: child,
    begin: () => {
      if (child.connected) child.send({ type: 'begin' }, () => undefined)
    },
    /** It has heard, or is gone: it hangs up then. */
    hasHeard: () => !child.connected,
  }
}

function spawnWithLog(node: NodeToSpawn, onMessage: (message: unknown) => void): SpawnedNode {
  const cwd = dirname(node.clusterFile)
  if (!existsSync(cwd)) throw new Error(`${cwd} is not there any more`)
  // For its log; whether a store may be made there is the node's to say.
  mkdirSync(dirname(node.log), { recursive: true, mode: 0o700 })
  const log = openLog(node.log)
  const args = [node.entry, '--faults', '--cluster-file', node.clusterFile, '--name', node.name]
  const child = execa(process.execPath, args, {
    stdin: 'ignore',
    stdout: log,
    stderr: log,
    ipc: true,
    // Its own process group: Ctrl-C in a terminal reaches the supervisor, which stops the nodes.
    detached: true,
    cleanup: false,
    buffer: false,
    reject: false,
    cwd,
    env: childEnvironment(),
    extendEnv: false,
  })
  closeSync(log)
  child.on('message', onMessage)
  const identity = child.pid === undefined ? undefined : identityOf(child.pid)
  return {
    ...acting(identity),
    exited: child.then(result => ({
      code: result.exitCode ?? null,
      signal: (result.signal as NodeJS.Signals | undefined) ?? null,
      notStarted: child.pid === undefined ? lineOf(result) : undefined,
    })),
    tell: message => {
      if (child.connected) child.send(message, () => undefined)
    },
  }
}

function acting(
  identity: ProcessIdentity | undefined,
): Pick<SpawnedNode, 'identity' | 'liveness' | 'end' | 'pause'> {
  return {
    identity,
    liveness: () => (identity === undefined ? 'dead' : livenessOf(identity)),
    end: async atOnce => {
      if (identity === undefined) return 'gone'
      if (atOnce) signalProcess(identity, 'SIGKILL')
      const ending = await endProcess(identity)
      return atOnce ? 'killed' : ending
    },
    pause: async pause => {
      if (identity === undefined) return
      signalProcess(identity, pause ? 'SIGSTOP' : 'SIGCONT')
      await becomes(identity, pause ? 'paused' : 'running', signalMs)
    },
  }
}

function neverStarted(why: string): SpawnedNode {
  const exited = Promise.resolve({ code: null, signal: null, notStarted: why })
  return { ...acting(undefined), exited, tell: () => undefined }
}

/** What the system said, without what execa puts before and around it. */
function lineOf(problem: unknown): string {
  const { cause, message } = Object(problem) as Readonly<Record<string, unknown>>
  const text = cause instanceof Error ? cause.message : String(message ?? problem)
  return text.replace(/\s*\n\s*/g, '; ')
}

/** Opens a log to append to; one that has grown past 10 MB is kept as `.1` first. */
function openLog(path: string): Descriptor {
  const fd = openSync(path, 'a', 0o600)
  if (fstatSync(fd).size < rotateBytes) return fd as Descriptor
  closeSync(fd)
  renameSync(path, `${path}.1`)
  return openSync(path, 'a', 0o600) as Descriptor
}

/** Any open descriptor: execa hands it on as it is, although its types know only these two. */
type Descriptor = 1 | 2

const signalMs = 1000
const rotateBytes = 10 * 1024 * 1024
