/**
 * Keeps the nodes of one local cluster as its cluster file wants them: starts those whose intent
 * is `up`, starts a crashed one again after a pause, and leaves alone what the user stopped,
 * killed or paused (ux 4.3). It holds no data and decides nothing about any.
 */
import type { ClusterFile, Intent } from '../core/config.ts'
import { ClusterError } from './cluster-error.ts'
import { pathsOf, withIntent, withStore, writeClusterFile } from './cluster-file.ts'
import { becomes, type Ending, endProcess } from './end-processes.ts'
import { lastLines } from './last-lines.ts'
import { makePrivateDirectory } from './private-file.ts'
import { livenessOf, type ProcessIdentity, signalProcess } from './process-identity.ts'
import { afterCrash, type CrashHistory, noCrashes, restartDelayMs } from './restart-policy.ts'
import { type Exit, type SpawnedNode, spawnNode } from './spawn.ts'
import { wipeNode } from './wipe.ts'

/** How a node's process is; whether the node is well is the node's to say. */
export const processStates = [
  'starting',
  'running',
  'paused',
  'stopped',
  'killed',
  'crashed',
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
  /** Of a crashed node: the end of its log, at most 20 lines. */
  readonly lastLines: readonly string[]
}

export type Acted = { readonly from: ProcessState; readonly to: ProcessState }

/** A line for the supervisor's own log; `about` names a node. */
export type Report = (event: string, detail: Readonly<Record<string, string | number>>) => void

type Child = {
  readonly name: string
  state: ProcessState
  spawned: SpawnedNode | undefined
  startedAt: number | undefined
  upSince: number
  restarts: number
  crashes: CrashHistory
  lastLines: readonly string[]
  timer: NodeJS.Timeout | undefined
  /** True while an action of the user is under way: an exit is no crash then. */
  busy: boolean
  /** A founder's store exists; its node waits for the word to listen. */
  founded: boolean
  /** Called when the node has made its store, becomes ready, or its process ends. */
  settled: (() => void) | undefined
}

export class Supervisor {
  readonly #directory: string
  readonly #entry: string
  readonly #changed: () => void
  readonly #report: Report
  readonly #children: ReadonlyMap<string, Child>
  #file: ClusterFile
  #stopping = false
  #writes: Promise<void> = Promise.resolve()

  /** `changed` is called whenever the set of processes is another one. */
  constructor(
    directory: string,
    file: ClusterFile,
    entry: string,
    hooks: { readonly changed: () => void; readonly report: Report },
  ) {
    this.#directory = directory
    this.#file = file
    this.#entry = entry
    this.#changed = hooks.changed
    this.#report = hooks.report
    this.#children = new Map(file.nodes.map(node => [node.name, newChild(node.name, node.intent)]))
  }

  /**
   * Starts every node that is meant to be up; returns once their processes exist. The first
   * start of a cluster waits until every founder has made its store, and records that before
   * it lets any of them listen (design §4, "whole"): a store that is missing later is an error
   * and not a new one. Throws STORE_REFUSED where a founder does not make its store.
   */
  async start(): Promise<void> {
    const founding = !this.#file.foundersMarked
    for (const node of this.#file.nodes) {
      await makePrivateDirectory(pathsOf(this.#directory).node(node.name))
      if (founding || node.intent === 'up') this.#spawn(this.#child(node.name))
    }
    if (!founding) return
    await Promise.all([...this.#children.values()].map(child => this.#untilFounded(child)))
    await this.#rewrite(file => ({ ...file, foundersMarked: true }))
    for (const child of this.#children.values()) child.spawned?.tell({ type: 'listen' })
  }

  processes(): readonly NodeProcess[] {
    return [...this.#children.values()].map(child => ({
      name: child.name,
      state: stateOf(child),
      pid: child.spawned?.identity?.pid,
      startedAt: child.startedAt,
      restarts: child.restarts,
      lastLines: child.lastLines,
    }))
  }

  /** Who lives, for a later supervisor that must end them. */
  identities(): readonly (ProcessIdentity & { readonly name: string })[] {
    return [...this.#children.values()].flatMap(child =>
      child.spawned?.identity === undefined
        ? []
        : [{ name: child.name, ...child.spawned.identity }],
    )
  }

  /**
   * Does what the user asked of a node, its intent written to the cluster file first.
   * Throws UNKNOWN_NODE, BUSY, CLUSTER_CONFLICT (the node is in no state for it).
   */
  async act(name: string, action: Action): Promise<Acted> {
    const child = this.#child(name)
    if (child.busy || this.#stopping) throw new ClusterError('BUSY', `${name} is being changed`)
    const from = stateOf(child)
    child.busy = true
    try {
      await this.#perform(child, action, from)
    } finally {
      child.busy = false
    }
    this.#report(action, { about: name, from, to: stateOf(child) })
    return { from, to: stateOf(child) }
  }

  /** Ends every process, in parallel; nothing is started again. Says how each ended. */
  async stop(): Promise<ReadonlyMap<string, Ending>> {
    this.#stopping = true
    const endings = [...this.#children.values()].map(async child => {
      clearTimeout(child.timer)
      return [child.name, await this.#end(child)] as const
    })
    const ended = new Map(await Promise.all(endings))
    await this.#writes
    return ended
  }

  #child(name: string): Child {
    const child = this.#children.get(name)
    if (child !== undefined) return child
    const names = [...this.#children.keys()].join(', ')
    throw new ClusterError('UNKNOWN_NODE', `there is no node ${name}; the cluster has ${names}`)
  }

  async #perform(child: Child, action: Action, from: ProcessState): Promise<void> {
    switch (action) {
      case 'start':
        await this.#setIntent(child.name, 'up')
        if (from === 'paused') await this.#signal(child, 'running')
        else if (from !== 'running') await this.#startAndWait(child)
        return
      case 'stop':
        await this.#setIntent(child.name, 'stopped')
        await this.#end(child)
        child.state = 'stopped'
        return
      case 'kill':
        await this.#setIntent(child.name, 'killed')
        await this.#end(child, 'SIGKILL')
        child.state = 'killed'
        return
      case 'restart':
        await this.#setIntent(child.name, 'up')
        await this.#end(child)
        await this.#startAndWait(child)
        return
      case 'pause':
        if (from === 'paused') return
        this.#mustRun(child, from, 'start')
        await this.#setIntent(child.name, 'paused')
        await this.#signal(child, 'paused')
        return
      case 'resume':
        if (from !== 'paused') this.#mustRun(child, from, 'start')
        await this.#setIntent(child.name, 'up')
        await this.#signal(child, 'running')
        return
      case 'wipe':
        await this.#wipe(child)
    }
  }

  /** The file forgets the store before its data goes: what broke off in between starts again. */
  async #wipe(child: Child): Promise<void> {
    const { name } = child
    if (!this.#file.foundersMarked) {
      throw new ClusterError('CLUSTER_CONFLICT', 'the cluster is still being made')
    }
    await this.#setIntent(name, 'stopped')
    await this.#end(child)
    await this.#rewrite(file => withStore(file, name, null))
    await wipeNode(this.#directory, name)
    child.state = 'stopped'
  }

  #mustRun(child: Child, state: ProcessState, instead: Action): void {
    if (state === 'running') return
    throw new ClusterError('CLUSTER_CONFLICT', `${child.name} is ${state}, not running`, [
      `kv node ${instead} ${child.name}`,
    ])
  }

  async #signal(child: Child, state: 'running' | 'paused'): Promise<void> {
    const identity = child.spawned?.identity
    if (identity === undefined) return
    signalProcess(identity, state === 'paused' ? 'SIGSTOP' : 'SIGCONT')
    await becomes(identity, state, signalMs)
  }

  /** Starts the node unless it is starting, and returns when it is ready or its process ended. */
  async #startAndWait(child: Child): Promise<void> {
    clearTimeout(child.timer)
    if (child.spawned === undefined) {
      child.crashes = noCrashes
      this.#spawn(child)
    }
    await this.#untilSettled(child)
    if (stateOf(child) === 'running') return
    throw new ClusterError('CLUSTER_CONFLICT', `${child.name} did not start`, [
      `kv cluster logs -n ${child.name}`,
    ])
  }

  async #untilFounded(child: Child): Promise<void> {
    if (!child.founded) await this.#untilSettled(child)
    if (child.founded) return
    throw new ClusterError('STORE_REFUSED', `${child.name} could not make its store`)
  }

  #untilSettled(child: Child): Promise<void> {
    return new Promise(resolve => {
      child.settled = resolve
    })
  }

  async #end(child: Child, how: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<Ending> {
    clearTimeout(child.timer)
    const spawned = child.spawned
    if (spawned === undefined) return 'gone'
    // Whatever ends it now is no crash: the exit handler leaves this child alone.
    child.spawned = undefined
    child.startedAt = undefined
    child.state = 'stopped'
    this.#settle(child)
    const identity = spawned.identity
    if (identity === undefined) return 'gone'
    if (how === 'SIGKILL') signalProcess(identity, 'SIGKILL')
    const ending = await endProcess(identity)
    await spawned.exited
    this.#changed()
    return how === 'SIGKILL' ? 'killed' : ending
  }

  #spawn(child: Child): void {
    const paths = pathsOf(this.#directory)
    const spawned = spawnNode(
      {
        entry: this.#entry,
        clusterFile: paths.clusterFile,
        name: child.name,
        log: paths.nodeLog(child.name),
      },
      message => this.#heard(child, spawned, message),
    )
    child.spawned = spawned
    child.state = 'starting'
    child.startedAt = Date.now()
    child.upSince = performance.now()
    child.lastLines = []
    void spawned.exited.then(exit => this.#exited(child, spawned, exit))
    this.#changed()
  }

  #heard(child: Child, from: SpawnedNode, message: unknown): void {
    if (child.spawned !== from || typeof message !== 'object' || message === null) return
    const type = Reflect.get(message, 'type')
    if (type === 'created') child.founded = true
    else if (type === 'ready') {
      child.state = 'running'
      this.#recordStore(child.name, Reflect.get(message, 'store'))
    } else return
    this.#report(type, { about: child.name, ms: Math.round(performance.now() - child.upSince) })
    this.#settle(child)
  }

  /** The store that a wiped node has made: one that is missing from now on is an error again. */
  #recordStore(name: string, store: unknown): void {
    const entry = this.#file.nodes.find(node => node.name === name)
    if (entry?.store !== null || typeof store !== 'string') return
    this.#rewrite(file => withStore(file, name, store)).catch(problem => {
      this.#report('no-record', { node: name, text: String(problem) })
    })
  }

  #exited(child: Child, who: SpawnedNode, exit: Exit): void {
    // #end took it out: it was asked to go.
    if (child.spawned !== who) return
    const now = performance.now()
    child.spawned = undefined
    child.startedAt = undefined
    child.crashes = afterCrash(child.crashes, now, now - child.upSince)
    const delay = refusedExits.includes(exit.code)
      ? undefined
      : restartDelayMs(child.crashes, Math.random())
    this.#report('exited', {
      about: child.name,
      code: exit.code ?? exit.signal ?? 'unknown',
      again: delay === undefined ? 'no' : `${Math.round(delay)} ms`,
    })
    child.state = delay === undefined ? 'crashed' : 'starting'
    child.lastLines = lastLines(pathsOf(this.#directory).nodeLog(child.name), lastLinesMax)
    this.#settle(child)
    this.#changed()
    if (delay === undefined || this.#stopping) return
    child.timer = setTimeout(() => {
      child.restarts++
      this.#spawn(child)
    }, delay)
  }

  #settle(child: Child): void {
    child.settled?.()
    child.settled = undefined
  }

  #setIntent(name: string, intent: Intent): Promise<void> {
    return this.#rewrite(file => withIntent(file, name, intent))
  }

  /** One write after the other: each is made from the file as the one before left it. */
  #rewrite(change: (file: ClusterFile) => ClusterFile): Promise<void> {
    const written = this.#writes.then(async () => {
      const file = change(this.#file)
      await writeClusterFile(this.#directory, file)
      this.#file = file
    })
    this.#writes = written.catch(() => undefined)
    return written
  }
}

const signalMs = 1000
const lastLinesMax = 20
/** A node's word that another start changes nothing: store, port or file refused; secret unsafe. */
const refusedExits: readonly (number | null)[] = [10, 11]

function newChild(name: string, intent: Intent): Child {
  return {
    name,
    // A process paused under an earlier supervisor was ended with it.
    state: intent === 'killed' ? 'killed' : 'stopped',
    spawned: undefined,
    startedAt: undefined,
    upSince: 0,
    restarts: 0,
    crashes: noCrashes,
    lastLines: [],
    timer: undefined,
    busy: false,
    founded: false,
    settled: undefined,
  }
}

/** What the process really is: somebody may have stopped it with a signal of their own. */
function stateOf(child: Child): ProcessState {
  const identity = child.spawned?.identity
  if (identity === undefined || child.state === 'starting') return child.state
  return livenessOf(identity) === 'paused' ? 'paused' : 'running'
}
