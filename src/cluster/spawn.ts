/**
 * How processes of a cluster are started. Standard output and error are descriptors of a log
 * file, never pipes: a pipe's death with its reader would kill the writer by EPIPE
 * (`reliability-store-wire.md` rule 12), and a detached process survives only so (ux finding 7).
 */
import { closeSync, fstatSync, openSync, renameSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { identityOf, type ProcessIdentity } from './process-identity.ts'

/** The node's program; started by path, for nothing here may import it. */
export const nodeEntry = fileURLToPath(new URL('../node/main.js', import.meta.url))
const supervisorEntry = fileURLToPath(new URL('./main.js', import.meta.url))

export type Exit = { readonly code: number | null; readonly signal: NodeJS.Signals | null }

export type SpawnedNode = {
  /** undefined: it was dead before it could be looked at. */
  readonly identity: ProcessIdentity | undefined
  readonly exited: Promise<Exit>
  /** Tells the node something over IPC; nothing happens where it is gone. */
  readonly tell: (message: { readonly type: string }) => void
}

/** Starts one node with IPC to this process: the node ends itself when this process is gone. */
export function spawnNode(
  options: {
    readonly entry: string
    readonly clusterFile: string
    readonly name: string
    readonly log: string
  },
  onMessage: (message: unknown) => void,
): SpawnedNode {
  const log = openLog(options.log)
  const { entry, clusterFile, name } = options
  const args = [entry, '--faults', '--cluster-file', clusterFile, '--name', name]
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
    env: childEnv(),
    extendEnv: false,
  })
  closeSync(log)
  child.on('message', onMessage)
  return {
    identity: child.pid === undefined ? undefined : identityOf(child.pid),
    exited: child.then(result => ({
      code: result.exitCode ?? null,
      signal: (result.signal as NodeJS.Signals | undefined) ?? null,
    })),
    tell: message => {
      if (child.connected) child.send(message, () => undefined)
    },
  }
}

/** Starts the supervisor of a cluster, which outlives this process. */
export function spawnSupervisor(directory: string, log: string) {
  const fd = openLog(log)
  const child = execa(process.execPath, [supervisorEntry, '--directory', directory], {
    stdin: 'ignore',
    stdout: fd,
    stderr: fd,
    ipc: false,
    detached: true,
    cleanup: false,
    buffer: false,
    reject: false,
    cwd: '/',
    env: childEnv(),
    extendEnv: false,
  })
  closeSync(fd)
  child.unref()
  return { identity: child.pid === undefined ? undefined : identityOf(child.pid), exited: child }
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

const rotateBytes = 10 * 1024 * 1024

/** The environment of a process of ours: no flags for another Node, no secrets of the user's. */
function childEnv(): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = { ...process.env, NODE_ENV: 'production' }
  for (const name of Object.keys(env)) {
    if (name.startsWith('KV_') || name === 'NODE_OPTIONS') delete env[name]
  }
  return env
}
