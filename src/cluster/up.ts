/**
 * `kv cluster up`: brings a cluster to what its file says from whatever is on disk and running:
 * nothing, all, a dead supervisor with or without its nodes, a first start that broke off.
 */
import { existsSync } from 'node:fs'
import { readdir, rmdir } from 'node:fs/promises'
import { join } from 'node:path'
import { type ClusterFile, nodesMax } from '../core/config.ts'
import { tooFewOpenFiles } from '../host/open-files.ts'
import { makePrivateDirectory } from '../host/private-file.ts'
import { openFilesNeeded } from '../wire/bounds.ts'
import { ClusterError } from './cluster-error.ts'
import { pathsOf, readClusterFile, writeClusterFile } from './cluster-file.ts'
import type { ControlClient } from './control-client.ts'
import { launch, reachMs } from './launch.ts'
import {
  endLeftovers,
  reachOrLeave,
  reachSupervisor,
  withCommandLock,
  withLock,
} from './leftovers.ts'
import type { NodeProcess, Report } from './node-process.ts'
import { chooseBasePort, requireFreePorts } from './ports.ts'
import { makeSecret } from './secret-file.ts'
import { newClusterFile, settle, type WantedSettings } from './settings.ts'
import { reportTo } from './supervisor-log.ts'
import { type ReadyOptions, untilLinked, untilReady } from './until-ready.ts'

export type UpOptions = ReadyOptions & {
  /** Of a new cluster; one that exists keeps its own. */
  readonly name: string
  readonly wanted: WantedSettings
  /** Ports that other clusters of this user have pinned, with their names. */
  readonly taken: ReadonlyMap<number, string>
  /** A directory that all clusters of this user share: ports are chosen one `up` at a time. */
  readonly home: string
  /** Called with what a supervisor in this process has to report; it stands in its log, too. */
  readonly onReport?: Report | undefined
}

export type UpResult = {
  readonly file: ClusterFile
  /** False: it was running already. */
  readonly started: boolean
  /** True where this call made the cluster. */
  readonly created: boolean
  readonly nodes: readonly NodeProcess[]
  readonly readyMs: number
  /** Of a supervisor in this process: resolves when it has stopped. */
  readonly stopped: Promise<void>
}

/**
 * Returns once every node that is meant to be up answers or is given up (`crashed`). Throws
 * USAGE, SETTINGS_DIFFER, PORT_IN_USE, STORE_REFUSED, CLUSTER_CONFLICT, BUSY, TIMEOUT, DENIED.
 */
export async function bringUp(options: UpOptions): Promise<UpResult> {
  const begun = performance.now()
  return prepared(options, async found => {
    try {
      const control = found.running ?? (await launch(options, found.file))
      return await seenUp(options, found, control, begun)
    } catch (problem) {
      const isTold = problem instanceof ClusterError && problem.code === 'CANCELLED'
      if (options.signal?.aborted !== true || isTold) throw problem
      const { name } = found.file
      throw new ClusterError('CANCELLED', `interrupted; ${name} goes on starting by itself`, [
        `kv cluster down ${name}`,
      ])
    }
  })
}

/** The same under a supervisor in this process, until `signal` is aborted or somebody asks. */
export async function bringUpHere(options: UpOptions): Promise<UpResult> {
  const begun = performance.now()
  return prepared(options, async found => {
    if (found.running !== undefined) return seenUp(options, found, found.running, begun)
    const { runSupervisor } = await import('./run-supervisor.ts')
    const log = reportTo(pathsOf(options.directory).supervisorLog)
    const supervisor = await runSupervisor(options.directory, (...report) => {
      log(...report)
      options.onReport?.(...report)
    })
    options.signal?.addEventListener('abort', () => void supervisor.stop())
    try {
      const control = await reachSupervisor(options.directory, found.file, reachMs)
      if (control === undefined) throw new ClusterError('INTERNAL', 'cannot reach this process')
      const up = await seenUp(options, found, control, begun)
      return { ...up, stopped: supervisor.stopped }
    } catch (problem) {
      await supervisor.stop()
      throw problem
    }
  })
}

async function seenUp(
  options: UpOptions,
  { file, created, running }: Prepared,
  control: ControlClient,
  begun: number,
): Promise<UpResult> {
  const started = running === undefined
  try {
    const nodes = await untilReady(options, file, control, begun)
    if (started) await untilLinked(options, file, nodes)
    const readyMs = Math.round(performance.now() - begun)
    return { file, started, created, nodes, readyMs, stopped: Promise.resolve() }
  } finally {
    control.close()
  }
}

export type Prepared = {
  readonly file: ClusterFile
  readonly created: boolean
  /** The supervisor that is at work already. */
  readonly running: ControlClient | undefined
}

/**
 * Makes or checks the cluster's files, ends leftovers and checks ports, then runs `start`, all
 * under the cluster's command lock. Also the beginning of `up --foreground`.
 */
export async function prepared<Result>(
  options: UpOptions,
  start: (prepared: Prepared) => Promise<Result>,
): Promise<Result> {
  const { directory, timeoutMs } = options
  refuseImpossible(options)
  if ((await readClusterFile(directory)) === undefined) refuseUnsound(options)
  const isNew = !existsSync(directory)
  await makePrivateDirectory(directory)
  const under = withCommandLock(directory, timeoutMs, async () => {
    const existing = await readClusterFile(directory)
    if (existing === undefined) return found(options, start)
    const running = await reachOrLeave(directory, existing, reachMs)
    const file = settledFile(existing, options.wanted, running)
    if (running !== undefined) return start({ file, created: false, running })
    refuseTooFewOpenFiles(file.nodes.length)
    await endLeftovers(directory)
    await untilPortsAreFree(file, options.taken)
    if (file !== existing) await writeClusterFile(directory, file)
    return start({ file, created: false, running: undefined })
  })
  return under.catch(async (problem: unknown) => {
    // A refusal leaves nothing behind; a directory with anything in it stays.
    if (isNew) await rmdir(directory).catch(() => undefined)
    throw problem
  })
}

const pollMs = 25
/** Nodes whose supervisor died leave within two seconds. */
const orphanMs = 3000

function settledFile(
  file: ClusterFile,
  wanted: WantedSettings,
  running: ControlClient | undefined,
): ClusterFile {
  try {
    return settle(file, wanted, running !== undefined)
  } catch (problem) {
    running?.close()
    throw problem
  }
}

/** What no cluster can be is said before anything is written. */
function refuseImpossible(options: UpOptions): void {
  const { nodes, replicas } = options.wanted
  if (nodes !== undefined && (nodes < 1 || nodes > nodesMax)) {
    throw new ClusterError('USAGE', `a cluster has 1 to ${nodesMax} nodes, not ${nodes}`)
  }
  if (nodes !== undefined && replicas !== undefined && nodes < replicas) {
    throw new ClusterError('USAGE', `${nodes} nodes cannot hold ${replicas} replicas: add nodes`)
  }
}

/** Each node would refuse to start: it is said once, and before anything is made. */
function refuseTooFewOpenFiles(nodes: number): void {
  const tooFew = tooFewOpenFiles(openFilesNeeded(nodes))
  if (tooFew !== undefined) throw new ClusterError('STORE_REFUSED', tooFew)
}

/** The same of a new cluster's other settings; any ports serve for that. */
function refuseUnsound({ name, wanted }: UpOptions): void {
  newClusterFile(name, wanted, 1, 0)
}

/** Makes a new cluster. The ports stay reserved by a lock until its nodes have bound them. */
async function found<Result>(
  options: UpOptions,
  start: (prepared: Prepared) => Promise<Result>,
): Promise<Result> {
  const { directory, name, wanted } = options
  await refuseOrphanedStores(directory)
  await makePrivateDirectory(options.home)
  return withLock(join(options.home, 'ports.lock'), options.timeoutMs, async () => {
    const count = wanted.nodes ?? 5
    refuseTooFewOpenFiles(count)
    const basePort = await chooseBasePort(wanted.basePort, count, options.taken)
    const file = newClusterFile(name, wanted, basePort, Date.now())
    await makeSecret(directory)
    await writeClusterFile(directory, file)
    return start({ file, created: true, running: undefined })
  })
}

/** Data without a cluster file is somebody's data: it is not taken over, nor overwritten. */
async function refuseOrphanedStores(directory: string): Promise<void> {
  const nodes = await readdir(pathsOf(directory).nodes).catch(() => [])
  if (nodes.length === 0) return
  throw new ClusterError(
    'STORE_REFUSED',
    `${directory} holds stores of a cluster whose cluster.json is gone: put it back, or move them`,
  )
}

async function untilPortsAreFree(
  file: ClusterFile,
  taken: ReadonlyMap<number, string>,
): Promise<void> {
  const ports = file.nodes.filter(node => node.intent === 'up').map(node => node.port)
  const end = performance.now() + orphanMs
  for (;;) {
    try {
      await requireFreePorts(ports, taken)
      return
    } catch (problem) {
      if (performance.now() > end) throw problem
      await pause()
    }
  }
}

function pause(): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, pollMs))
}
