/**
 * Keeps the nodes of one local cluster as its cluster file wants them: starts those whose intent
 * is `up`, starts a crashed one again after a pause, and leaves alone what the user stopped,
 * killed or paused. It holds no data and decides nothing about any.
 */
import type { ClusterFile } from '../core/config.ts'
import type { ProcessIdentity } from '../host/process-identity.ts'
import { ClusterError } from './cluster-error.ts'
import { pathsOf, withIntent, withStore, writeClusterFile } from './cluster-file.ts'
import { ClusterRecord } from './cluster-record.ts'
import type { Ending } from './end-processes.ts'
import { lastLines } from './last-lines.ts'
import { NodeChild } from './node-child.ts'
import type { Acted, Action, NodeProcess, ProcessState, Report } from './node-process.ts'
import { nodeEntry, type SpawnedNode, spawnNode } from './spawn.ts'
import { wipeNode } from './wipe.ts'

/** What a supervisor does outside of itself. */
export type SupervisorHost = {
  /** Starts the process of a node. */
  readonly spawn: (name: string, onMessage: (message: unknown) => void) => SpawnedNode
  readonly write: (file: ClusterFile) => Promise<void>
  /** Deletes all that a node has; it does not run. */
  readonly wipe: (name: string) => Promise<void>
  /** The end of a node's log. */
  readonly lastLines: (name: string) => readonly string[]
}

/** The cluster in a directory, its nodes by this program. */
export function hostIn(directory: string, entry = nodeEntry): SupervisorHost {
  const { clusterFile, nodeLog } = pathsOf(directory)
  return {
    spawn: (name, onMessage) =>
      spawnNode({ entry, clusterFile, name, log: nodeLog(name) }, onMessage),
    write: file => writeClusterFile(directory, file),
    wipe: name => wipeNode(directory, name),
    lastLines: name => lastLines(nodeLog(name), lastLinesMax),
  }
}

export class Supervisor {
  readonly #host: SupervisorHost
  readonly #report: Report
  readonly #record: ClusterRecord
  readonly #children: ReadonlyMap<string, NodeChild>
  /** Nodes that an action of the user is under way for. */
  readonly #busy = new Set<string>()
  readonly #underWay = new Set<Promise<unknown>>()
  #stopped: Promise<ReadonlyMap<string, Ending>> | undefined

  /** `changed` is called whenever the set of processes is another one. */
  constructor(
    file: ClusterFile,
    host: SupervisorHost,
    hooks: { readonly changed: () => void; readonly report: Report },
  ) {
    this.#host = host
    this.#report = hooks.report
    this.#record = new ClusterRecord(file, host.write, hooks.report)
    const childOf = (name: string) => ({
      spawn: (onMessage: (message: unknown) => void) => host.spawn(name, onMessage),
      lastLines: () => host.lastLines(name),
      changed: hooks.changed,
      ready: (store: unknown) => this.#recordStore(name, store),
      report: hooks.report,
    })
    this.#children = new Map(
      file.nodes.map(({ name, intent }) => [name, new NodeChild(name, intent, childOf(name))]),
    )
  }

  /**
   * Starts every node that is meant to be up; returns once their processes exist. The first
   * start of a cluster waits until every founder has made its store, and records that before
   * it lets any of them listen: a store that is missing later is an error and not a new one.
   * Throws STORE_REFUSED if a founder does not make its store.
   */
  start(): Promise<void> {
    return this.#doing(this.#start())
  }

  processes(): readonly NodeProcess[] {
    return [...this.#children.values()].map(child => child.process)
  }

  /** Who lives, for a later supervisor that must end them. */
  identities(): readonly (ProcessIdentity & { readonly name: string })[] {
    return [...this.#children.values()].flatMap(({ name, identity }) =>
      identity === undefined ? [] : [{ name, ...identity }],
    )
  }

  /**
   * Does what the user asked of a node, its intent noted first. Throws UNKNOWN_NODE, BUSY,
   * CLUSTER_CONFLICT (the node is in no state for it, or did not start), STORE_FULL.
   */
  async act(name: string, action: Action): Promise<Acted> {
    const child = this.#child(name)
    child.refuseIfClosed()
    if (this.#busy.has(name)) throw new ClusterError('BUSY', `${name} is being changed`)
    const from = child.state
    this.#busy.add(name)
    try {
      await this.#doing(this.#perform(child, action, from))
    } finally {
      this.#busy.delete(name)
    }
    const to = child.state
    this.#report(action, { about: name, from, to })
    return { from, to }
  }

  /**
   * Ends every process, in parallel, and whatever was under way; nothing is started again, and
   * the file says what was done. The same promise each time. Says how each node ended. Rejects,
   * with all the others ended, if a process does not die; another call tries again.
   */
  stop(): Promise<ReadonlyMap<string, Ending>> {
    this.#stopped ??= this.#stop().catch(problem => {
      this.#stopped = undefined
      throw problem
    })
    return this.#stopped
  }

  async #stop(): Promise<ReadonlyMap<string, Ending>> {
    const children = [...this.#children.values()]
    for (const child of children) child.close()
    const ends = children.map(async child => [child.name, await child.end('stopped')] as const)
    await Promise.allSettled(ends)
    await Promise.allSettled(this.#underWay)
    await this.#record.close()
    return new Map(await Promise.all(ends))
  }

  async #start(): Promise<void> {
    const { foundersMarked, nodes } = this.#record.file
    const wanted = nodes.filter(node => !foundersMarked || node.intent === 'up')
    for (const { name } of wanted) this.#child(name).spawn()
    if (foundersMarked) return
    const children = [...this.#children.values()]
    await Promise.all(children.map(child => child.untilFounded()))
    await this.#record.mustChange(file => ({ ...file, foundersMarked: true }))
    for (const child of children) child.tellToListen()
  }

  #child(name: string): NodeChild {
    const child = this.#children.get(name)
    if (child !== undefined) return child
    const names = [...this.#children.keys()].join(', ')
    throw new ClusterError('UNKNOWN_NODE', `there is no node ${name}; the cluster has ${names}`)
  }

  /** Until it is over, `stop` waits for it. */
  #doing<Result>(work: Promise<Result>): Promise<Result> {
    this.#underWay.add(work)
    const forget = () => this.#underWay.delete(work)
    work.then(forget, forget)
    return work
  }

  async #perform(child: NodeChild, action: Action, from: ProcessState): Promise<void> {
    const { name } = child
    switch (action) {
      case 'start':
        await this.#record.change(file => withIntent(file, name, 'up'))
        if (from === 'paused') await child.pause(false)
        else if (from !== 'running') await child.start()
        return
      case 'stop':
        await this.#record.change(file => withIntent(file, name, 'stopped'))
        await child.end('stopped')
        return
      case 'kill':
        await this.#record.change(file => withIntent(file, name, 'killed'))
        await child.end('killed')
        return
      case 'restart':
        await this.#record.change(file => withIntent(file, name, 'up'))
        await child.end('stopped')
        await child.start()
        return
      case 'pause':
        if (from === 'paused') return
        mustRun(child, from)
        await this.#record.change(file => withIntent(file, name, 'paused'))
        await child.pause(true)
        return
      case 'resume':
        if (from !== 'paused') mustRun(child, from)
        await this.#record.change(file => withIntent(file, name, 'up'))
        await child.pause(false)
        return
      case 'wipe':
        await this.#wipe(child)
    }
  }

  /**
   * The file forgets the store before its data goes: what broke off in between starts again.
   * On a full disk the data makes the room in which that can be written.
   */
  async #wipe(child: NodeChild): Promise<void> {
    const { name } = child
    if (!this.#record.file.foundersMarked) {
      throw new ClusterError('CLUSTER_CONFLICT', 'the cluster is still being made')
    }
    const forget = (file: ClusterFile) => withStore(withIntent(file, name, 'stopped'), name, null)
    await this.#record.change(file => withIntent(file, name, 'stopped'))
    await child.end('stopped')
    await this.#record.change(forget)
    await this.#host.wipe(name)
    await this.#record.mustChange(forget)
  }

  /** The store that a wiped node has made: one that is missing from now on is an error again. */
  #recordStore(name: string, store: unknown): void {
    const entry = this.#record.file.nodes.find(node => node.name === name)
    if (entry?.store !== null || typeof store !== 'string') return
    void this.#record.change(file => withStore(file, name, store))
  }
}

const lastLinesMax = 20

function mustRun({ name }: NodeChild, state: ProcessState): void {
  if (state === 'running') return
  throw new ClusterError('CLUSTER_CONFLICT', `${name} is ${state}, not running`, [
    `kv node start ${name}`,
  ])
}
